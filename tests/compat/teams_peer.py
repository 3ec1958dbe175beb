"""The Bot Framework's requests, with tokens that PyJWT signs and checks. What the Bot Framework asks for beyond a token's own
rules, the service URL and the key's endorsement, is written out here."""

import hashlib
import hmac
import json
import random
from dataclasses import replace as replace_fields
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import jwt.api_jwt
from cases import (
    HARMLESS,
    TEXTS,
    Case,
    NotApplicable,
    Verdict,
    any_case,
    attempt,
    body_changed,
    edit_text,
    replace,
    values,
)
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, RSAPSSAlgorithm
from jwt.utils import base64url_decode, base64url_encode

TESTDATA = Path(__file__).resolve().parents[2] / "shared" / "providers" / "src" / "teams" / "testdata"
ISSUER = "https://api.botframework.com"
APP = "c9e8c047-2a74-40a2-b28a-b162d5f5327c"
SERVICE_URL = "https://smba.trafficmanager.net/amer/"
SKEW = 300
TOKEN_MAX_BYTES = 8192
KID_MAX_BYTES = 200
# The depth at which our reader gives up.
DEPTH_MAX = 127
RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
# The claims, and the members of the header, that we read.
CLAIMS_READ = {"iss", "aud", "exp", "nbf", "serviceurl"}
HEADER_READ = {"alg", "kid", "crit"}

PRIVATE_KEYS = {
    "one": load_der_private_key((TESTDATA / "test_key_one.pkcs8.der").read_bytes(), None),
    "two": load_der_private_key((TESTDATA / "test_key_two.pkcs8.der").read_bytes(), None),
    "short": rsa.generate_private_key(public_exponent=65537, key_size=1024),
    "exponent three": rsa.generate_private_key(public_exponent=3, key_size=2048),
    "long": rsa.generate_private_key(public_exponent=65537, key_size=3072),
}
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


class FixedKeys(jwt.PyJWKClient):
    """PyJWT's client of key sets, with a key set that is there."""

    def __init__(self, jwks: dict[str, Any]):
        super().__init__("https://login.botframework.com/v1/.well-known/keys", cache_jwk_set=False)
        self._jwks = jwks

    def fetch_data(self) -> Any:
        return self._jwks


class FixedDatetime(datetime):
    """PyJWT's clock."""

    now_ms = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.now_ms / 1000, tz)


jwt.api_jwt.datetime = FixedDatetime


def fresh(rng: random.Random) -> Case:
    """An activity of Teams."""
    now = rng.randrange(1_600_000_000, 2_000_000_000)
    issued = now - rng.randrange(-200, 3000)
    slash = rng.choice(("", "/"))
    claims = {
        "serviceurl": SERVICE_URL.rstrip("/") + rng.choice(("", "/")),
        "nbf": issued,
        "exp": issued + 3600,
        "iss": ISSUER,
        "aud": APP,
    }
    kid = rng.choice(("key-one", "bXCNKY2ThLsxEWkVV54t-kGm6bY", "a/b+c=_ é"))
    header = {"alg": "RS256", "kid": kid, "x5t": kid, "typ": "JWT"}
    activity = {
        "type": "message",
        "id": "1485983408511",
        "serviceUrl": SERVICE_URL.rstrip("/") + slash,
        "channelId": "msteams",
        "recipient": {"id": f"28:{APP}"},
        "text": rng.choice(TEXTS),
    }
    token = jwt.encode(claims, PRIVATE_KEYS["one"], algorithm="RS256", headers=header)
    return Case(
        headers=[("Authorization", f"Bearer {token}"), ("Content-Type", "application/json; charset=utf-8")],
        body=json.dumps(activity, ensure_ascii=rng.random() < 0.5).encode(),
        settings={"app_id": APP, "tenant_id": "72f988bf-86f1-41af-91ab-2d7cd011db47"},
        secrets={},
        now_ms=now * 1000 + rng.randrange(1000),
        jwks={"keys": [_jwk("key-two", "two"), _jwk(kid, "one")]},
        made={"header": header, "claims": claims, "activity": activity, "key": "one"},
    )


def judge(case: Case) -> Verdict:
    """Judges a body that is a plain activity as it is, any other as we read it."""
    if _is_plain_activity(case.body):
        return _judge_activity(case)
    as_we_read = _judge_activity(replace_fields(case, body=_as_we_read(case)))
    we = as_we_read.theirs != (as_we_read.explained is not None)
    they = _accepts(case)
    if they == we:
        return Verdict(they, None)
    return Verdict(they, as_we_read.explained or "teams-body")


def _is_plain_activity(body: bytes) -> bool:
    return _is_plain_json(body) and isinstance(json.loads(body), dict)


def _as_we_read(case: Case) -> bytes:
    """The body with its bad characters replaced. One that is no activity at all is only kept, so that its token alone decides."""
    try:
        text = case.body.decode(errors="replace").removeprefix("\ufeff")
        activity = _json_of(text, strict=False)
        if isinstance(activity, dict) and _depth(text) <= DEPTH_MAX:
            return json.dumps(activity).encode()
    except (ValueError, RecursionError):
        pass
    claimed = None
    if attempt(lambda: bool(_claims_of(case)["serviceurl"])):
        claimed = _claims_of(case)["serviceurl"]
    return json.dumps({"serviceUrl": claimed}).encode()


def _judge_activity(case: Case) -> Verdict:
    if _accepts(case):
        return Verdict(True, _rule_only_we_have(case))
    with_our_keys = replace_fields(case, jwks={"keys": _keys_we_use(case)})
    if _rule_only_we_have(with_our_keys):
        return Verdict(False, None)
    if _accepts(with_our_keys):
        return Verdict(False, "teams-key-of-another-algorithm")
    return Verdict(False, _reason_why_only_we_accept(with_our_keys))


# A bot that uses the library.


def _accepts(case: Case, now_ms: int | None = None, leeway: float = SKEW, options: dict[str, bool] | None = None) -> bool:
    return attempt(lambda: _check(case, case.now_ms if now_ms is None else now_ms, leeway, options or {}))


def _check(case: Case, now_ms: int, leeway: float, options: dict[str, bool]) -> bool:
    token = _bearer(case)
    key = FixedKeys(case.jwks).get_signing_key(jwt.get_unverified_header(token)["kid"])
    endorsements = key._jwk_data.get("endorsements")
    FixedDatetime.now_ms = now_ms
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=case.settings["app_id"],
        issuer=ISSUER,
        leeway=leeway,
        options={"require": ["exp", "iss", "aud"], **options},
    )
    claimed, named = claims["serviceurl"], json.loads(case.body.decode())["serviceUrl"]
    same_service = isinstance(claimed, str) and bool(claimed and named) and claimed.removesuffix("/") == named.removesuffix("/")
    return same_service and isinstance(endorsements, list) and "msteams" in endorsements


def _bearer(case: Case) -> str:
    """The token of the only Authorization header."""
    (header,) = values(case.headers, "authorization")
    scheme, space, token = header.partition(" ")
    if scheme.lower() != "bearer" or not space:
        raise ValueError("no bearer token")
    return token


# Decisions of ours that differ on purpose.


def _rule_only_we_have(case: Case) -> str | None:
    """A rule by which we refuse a request that the library could accept."""
    try:
        token = _bearer(case)
        signed, _, _ = token.rpartition(".")
        header_text, _, claims_text = signed.partition(".")
        header_raw, claims_raw = base64url_decode(header_text.rstrip("=")), base64url_decode(claims_text.rstrip("="))
        header, claims, activity = json.loads(header_raw), json.loads(claims_raw), json.loads(case.body.decode())
    except Exception:  # noqa: BLE001 - neither side accepts it
        return None
    if len(token) > TOKEN_MAX_BYTES:
        return "teams-token-too-long"
    if "=" in token:
        return "teams-padding"
    if not (_is_plain_json(header_raw) and _is_plain_json(claims_raw)):
        return "teams-json-dialect"
    if not all(isinstance(part, dict) for part in (header, claims, activity)):
        return None
    if _has_twice(header_raw, HEADER_READ) or _has_twice(claims_raw, CLAIMS_READ):
        return "teams-name-twice"
    if len(str(header.get("kid", "")).encode()) > KID_MAX_BYTES:
        return "teams-key-id-too-long"
    if isinstance(claims.get("aud"), list):
        return "teams-audience-list"
    if not all(_is_plain_number(claims[name]) for name in ("exp", "nbf") if claims.get(name) is not None):
        return "teams-time-spelling"
    return _key_only_they_use(case, header.get("kid"))


def _key_only_they_use(case: Case, kid: Any) -> str | None:
    try:
        jwk = FixedKeys(case.jwks).get_signing_key(kid)
        bits = jwk.key.key_size
    except Exception:  # noqa: BLE001 - neither side has the key
        return None
    if jwk.key_type == "RSA" and bits < 2048:
        return "teams-short-key"
    return None if _is_plain_key(jwk._jwk_data) else "teams-padding"


def _keys_we_use(case: Case) -> list[dict[str, Any]]:
    """RSA keys only, of those that are for RS256 or for no algorithm in particular."""
    keys = [jwk for jwk in case.jwks.get("keys") or [] if isinstance(jwk, dict) and jwk.get("kty") == "RSA" and _is_plain_key(jwk)]
    keys = [jwk for jwk in keys if not isinstance(jwk.get("alg"), str) or jwk["alg"] == "RS256"]
    return [{name: content for name, content in jwk.items() if name != "alg"} for jwk in keys]


def _is_plain_key(jwk: dict[str, Any]) -> bool:
    """Whether its numbers are written as the standard has it."""
    return attempt(lambda: all(base64url_encode(base64url_decode(jwk[name])).decode() == jwk[name] for name in ("n", "e") if name in jwk))


def _is_plain_json(raw: bytes) -> bool:
    """JSON as its standard has it, in UTF-8, and not deeper than anybody needs."""
    try:
        text = raw.decode()
        # A half of a surrogate pair alone cannot be encoded.
        json.dumps(_json_of(text), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return _depth(text) <= 100


def _json_of(text: str, strict: bool = True) -> Any:
    """JSON without the numbers that its standard does not know."""

    def refuse(_: str):
        raise ValueError

    def finite(number: str) -> float:
        if float(number) in (float("inf"), float("-inf")):
            raise ValueError
        return float(number)

    return json.loads(text, parse_constant=refuse, parse_float=finite, strict=strict)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def _has_twice(raw: bytes, names: set[str]) -> bool:
    found: list[str] = []

    def note(pairs):
        # The outermost object comes last.
        found[:] = [name for name, _ in pairs]
        return dict(pairs)

    json.loads(raw, object_pairs_hook=note)
    return any(found.count(name) > 1 for name in names)


def _is_plain_number(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and -(2**63) <= number < 2**63


def _reason_why_only_we_accept(case: Case) -> str | None:
    """Asks the library again without the rule that it alone has."""
    if case.hint:
        return case.hint
    whole_seconds = case.now_ms // 1000 * 1000
    unread = {"verify_iat": False, "verify_sub": False, "verify_jti": False}
    if _accepts(case, whole_seconds, SKEW + 0.5):
        return "teams-last-second"
    if _accepts(case, whole_seconds, SKEW + 0.5, unread):
        return "teams-claims-nobody-reads"
    begins = attempt(lambda: "nbf" in _claims_of(case) and _claims_of(case)["nbf"] is None)
    if begins and _accepts(case, whole_seconds, SKEW + 0.5, {**unread, "verify_nbf": False}):
        return "teams-null-means-absent"
    return None


def _claims_of(case: Case) -> dict[str, Any]:
    return json.loads(base64url_decode(_bearer(case).split(".")[1]))


# Parts of requests.


def _jwk(kid: str, name: str) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(PRIVATE_KEYS[name].public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": jwk["n"], "e": jwk["e"], "endorsements": ["msteams", "webchat"]}


def _own_jwk(case: Case) -> dict[str, Any]:
    """The key in the set that this request is signed with."""
    keys = [jwk for jwk in case.jwks.get("keys") or [] if isinstance(jwk, dict)]
    found = [jwk for jwk in keys if jwk.get("kid") == case.made["header"].get("kid")]
    if len(found) != 1:
        raise NotApplicable
    return found[0]


def _sign(case: Case, header: bytes | None = None, claims: bytes | None = None, padded: str = "") -> None:
    """With header and claims as they are now, or with these bytes in their place."""
    header = json.dumps(case.made["header"]).encode() if header is None else header
    claims = json.dumps(case.made["claims"]).encode() if claims is None else claims
    signed = b".".join(_segment(part, name in padded) for part, name in ((header, "h"), (claims, "c")))
    signature = RS256.sign(signed, PRIVATE_KEYS[case.made["key"]])
    _bear(case, (signed + b"." + _segment(signature, "s" in padded)).decode())


def _segment(raw: bytes, padded: bool) -> bytes:
    text = base64url_encode(raw)
    return text + b"=" * (-len(text) % 4) if padded else text


def _bear(case: Case, token: str) -> None:
    replace(case.headers, "authorization", f"Bearer {token}")


def _token(case: Case) -> list[str]:
    try:
        parts = _bearer(case).split(".")
    except ValueError:
        raise NotApplicable from None
    if len(parts) != 3 or not parts[2]:
        raise NotApplicable
    return parts


def _claim(case: Case, name: str, content: Any) -> str:
    case.made["claims"][name] = content
    _sign(case)
    return f"{name} = {content!r}"[:120]


def _now(case: Case) -> int:
    return case.now_ms // 1000


# Mutations. Their names are the words of the report.


def token_changed(rng, case):
    text = ".".join(_token(case))
    _bear(case, edit_text(rng, text))
    return "one character"


def token_letter_changed(rng, case):
    parts = _token(case)
    which = rng.randrange(3)
    at = rng.choice((rng.randrange(len(parts[which])), len(parts[which]) - 1))
    new = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    parts[which] = parts[which][:at] + new + parts[which][at + 1 :]
    _bear(case, ".".join(parts))
    return f"part {which}, letter {at} is {new}"


def token_cut_or_joined(rng, case):
    head, claims, signature = _token(case)
    _bear(
        case,
        rng.choice(
            (f"{head}.{claims}.", f"{head}.{claims}", f"{head}..{signature}", f".{claims}.{signature}", "", "..", f"{head}.{claims}.{signature}.",
             f"{head}.{claims}.{signature}.{signature}", f"{claims}.{head}.{signature}", f"{head}.{claims}.{signature},{head}.{claims}.{signature}",
             f"{head}.{head}.{signature}")
        ),
    )  # fmt: skip
    return "parts"


def signature_changed(rng, case):
    head, claims, signature = _token(case)
    raw = base64url_decode(signature.rstrip("="))
    if len(raw) != 256:
        raise NotApplicable
    number, modulus = int.from_bytes(raw, "big"), PRIVATE_KEYS[case.made["key"]].public_key().public_numbers().n
    at = rng.randrange(len(raw))
    changed = rng.choice(
        (
            raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :],
            raw[:-1],
            raw[1:],
            raw + b"\0",
            b"\0" + raw,
            bytes(len(raw)),
            (1).to_bytes(len(raw), "big"),
            (number + modulus).to_bytes(len(raw) + 1, "big"),
            (modulus - number).to_bytes(len(raw) + 1, "big")[1:] if number < modulus else raw[:-1],
            raw[::-1],
        )
    )
    _bear(case, f"{head}.{claims}.{base64url_encode(changed).decode()}")
    return f"{len(changed)} bytes"


def signature_of_another_key(rng, case):
    case.made["key"] = rng.choice(("two", "short", "long"))
    _sign(case)
    return case.made["key"]


def base64_written_otherwise(rng, case):
    parts = _token(case)
    how = rng.choice(("padded", "one padded", "standard alphabet", "space", "wrong padding", "tab", "trailing bits", "escape"))
    if how == "padded":
        parts = [part + "=" * (-len(part) % 4) for part in parts]
    elif how == "one padded":
        which = rng.randrange(3)
        parts[which] += "=" * (-len(parts[which]) % 4)
    elif how == "standard alphabet":
        parts = [part.replace("-", "+").replace("_", "/") for part in parts]
    elif how == "wrong padding":
        parts[rng.randrange(3)] += rng.choice(("=", "==", "===", "===="))
    elif how == "trailing bits":
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet.index(parts[2][-1]) if parts[2][-1] in alphabet else 0
        parts[2] = parts[2][:-1] + alphabet[last ^ 1]
    else:
        which = rng.randrange(3)
        at = rng.randrange(len(parts[which]) + 1)
        parts[which] = parts[which][:at] + {"space": " ", "tab": "\t", "escape": "%3D"}[how] + parts[which][at:]
    _bear(case, ".".join(parts))
    return how


def base64_padded_and_signed(rng, case):
    padded = rng.choice(("h", "c", "s", "hc", "hcs"))
    _sign(case, padded=padded)
    return padded


def algorithm_changed(rng, case):
    header, claims = case.made["header"], case.made["claims"]
    key = PRIVATE_KEYS[case.made["key"]]
    kind = rng.choice(("none", "HS256", "RS384", "RS512", "PS256", "ES256"))
    header["alg"] = kind
    signed = base64url_encode(json.dumps(header).encode()) + b"." + base64url_encode(json.dumps(claims).encode())
    if kind == "HS256":
        secret = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signature = hmac.new(secret, signed, hashlib.sha256).digest()
    elif kind == "none":
        signature = b""
    elif kind == "ES256":
        signature = ECAlgorithm(ECAlgorithm.SHA256).sign(signed, CURVE_KEY)
    elif kind == "PS256":
        signature = RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256).sign(signed, key)
    else:
        signature = RSAAlgorithm(RSAAlgorithm.SHA384 if kind == "RS384" else RSAAlgorithm.SHA512).sign(signed, key)
    _bear(case, f"{signed.decode()}.{base64url_encode(signature).decode()}")
    return kind


def algorithm_named_wrongly(rng, case):
    """Signed with RS256, and called otherwise; or the other way round."""
    key = PRIVATE_KEYS[case.made["key"]]
    if rng.random() < 0.5:
        case.made["header"]["alg"] = rng.choice(("none", "None", "HS256", "RS384", "rs256", "RS256 ", "", None, ["RS256"], 256))
        _sign(case)
        return f"called {case.made['header']['alg']!r}"
    signed = ".".join(_token(case)[:2]).encode()
    signature = rng.choice((RSAAlgorithm(RSAAlgorithm.SHA512), RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256))).sign(signed, key)
    _bear(case, f"{signed.decode()}.{base64url_encode(signature).decode()}")
    return "signed otherwise"


def header_member_added(rng, case):
    name, content = rng.choice(
        (
            ("jku", "https://evil.example/keys"),
            ("x5u", "https://evil.example/cert"),
            ("jwk", _jwk("key-one", "two")),
            ("x5c", ["AAAA"]),
            ("cty", "JWT"),
            ("typ", "at+jwt"),
            ("typ", 7),
            ("nonce", "1"),
            ("b64", True),
            ("zip", "DEF"),
            ("x5t", "another"),
        )
    )
    case.made["header"][name] = content
    if rng.random() < 0.3:
        case.made["key"] = "two"
    _sign(case)
    return f"{name}, signed with key {case.made['key']}"


def header_member_missing(rng, case):
    name = rng.choice(("typ", "x5t", "alg", "kid"))
    case.made["header"].pop(name, None)
    _sign(case)
    return name


def header_critical(rng, case):
    crit = rng.choice((["b64"], ["exp"], [], "exp", True, {}, ["b64", "x"], [1]))
    case.made["header"]["crit"] = crit
    if rng.random() < 0.5:
        case.made["header"]["b64"] = rng.choice((True, False))
    # Both understand this one, each in its way: the library takes it, and to us every extension is unknown.
    if crit == ["b64"] and case.made["header"].get("b64") is True:
        raise NotApplicable
    _sign(case)
    return repr(crit)


def header_that_says_nothing(rng, case):
    if rng.random() < 0.5:
        case.made["header"]["crit"] = None
        case.hint = "teams-null-means-absent"
    else:
        case.made["header"]["b64"] = False
        case.hint = "teams-header-nobody-reads"
    _sign(case)
    return repr(case.made["header"])


def kid_changed(rng, case):
    kid = case.made["header"].get("kid")
    case.made["header"]["kid"] = rng.choice(
        ("unknown", "key-two", "", None, 7, ["key-one"], {"kid": kid}, f"{kid} ", str(kid).upper(), "k" * 200, "k" * 201, "../key-one", "é" * 100)
    )
    _sign(case)
    return repr(case.made["header"]["kid"])[:40]


def kid_long_and_known(rng, case):
    jwk = _own_jwk(case)
    kid = rng.choice(("k" * 199, "k" * 200, "k" * 201, "é" * 100, "é" * 101))
    jwk["kid"] = case.made["header"]["kid"] = kid
    _sign(case)
    return f"{len(kid.encode())} bytes"


def keys_of_one_id(rng, case):
    jwk = _own_jwk(case)
    other = {**_jwk(jwk["kid"], "two")}
    case.jwks["keys"] = rng.choice(([jwk, other], [other, jwk], [jwk, jwk]))
    return " and ".join("its own" if key is jwk else "another" for key in case.jwks["keys"])


def key_endorsed_otherwise(rng, case):
    jwk = _own_jwk(case)
    endorsements = rng.choice(([], ["webchat"], None, "msteams", ["MSTEAMS"], ["msteams "], ["webchat", "msteams"], {"msteams": 1}, [["msteams"]], [7, "msteams"]))
    jwk["endorsements"] = endorsements
    if endorsements is None and rng.random() < 0.5:
        del jwk["endorsements"]
    return repr(endorsements)


def key_described_otherwise(rng, case):
    jwk = _own_jwk(case)
    name, content = rng.choice(
        (("use", "enc"), ("use", None), ("use", "sig"), ("kty", "EC"), ("kty", "oct"), ("kty", None), ("kid", None), ("kid", ""), ("x5t", "x"),
         ("n", ""), ("e", ""), ("e", "Aw"), ("n", jwk["n"][:-4]), ("alg", "RS256"), ("alg", "unheard-of"), ("n", 5), ("x5c", ["AAAA"]),
         ("n", base64url_encode(b"\0" + base64url_decode(jwk["n"])).decode()), ("e", "AAEAAQ"))
    )  # fmt: skip
    jwk[name] = content
    return f"{name} = {str(content)[:20]!r}"


def key_of_another_algorithm(rng, case):
    jwk = _own_jwk(case)
    if rng.random() < 0.5:
        jwk["alg"] = rng.choice(("RS384", "RS512", "PS256"))
    else:
        curve = ECAlgorithm.to_jwk(CURVE_KEY.public_key(), as_dict=True)
        case.jwks["keys"].insert(0, {**curve, "use": "sig", "kid": jwk["kid"], "endorsements": ["msteams"]})
    return jwk.get("alg", "an elliptic curve of the same id")


def key_padded(rng, case):
    jwk = _own_jwk(case)
    name = rng.choice(("n", "e"))
    jwk[name] += "=" * (-len(jwk[name]) % 4) or "="
    return name


def key_of_another_size(rng, case):
    jwk = _own_jwk(case)
    case.made["key"] = rng.choice(("short", "long", "exponent three"))
    jwk.update({name: found for name, found in _jwk(jwk["kid"], case.made["key"]).items() if name in ("n", "e")})
    _sign(case)
    return case.made["key"]


def keys_missing(rng, case):
    case.jwks = rng.choice(({"keys": []}, {}, {"keys": None}, {"keys": [None, 7, "x"]}, {"keys": [_jwk("key-two", "two")]}))
    return str(case.jwks)[:40]


def times_at_the_edge(rng, case):
    by = rng.choice((-2, -1, 0, 1, 2))
    case.now_ms = _now(case) * 1000 + rng.choice((0, 1, 500, 999))
    if rng.random() < 0.5:
        return _claim(case, "exp", _now(case) - SKEW + by)
    return _claim(case, "nbf", _now(case) + SKEW + by)


def times_anywhere(rng, case):
    name = rng.choice(("exp", "nbf", "iat"))
    return _claim(case, name, _now(case) + rng.choice((-1, 1)) * rng.choice((0, 1, 60, 299, 300, 301, 302, 3600, 10**6, 10**9, 2**62)))


def times_spelled_otherwise(rng, case):
    name = rng.choice(("exp", "nbf"))
    later = _now(case) + (600 if name == "exp" else -600)
    return _claim(case, name, rng.choice((str(later), float(later), later + 0.5, f" {later} ", True, False, None, [later], {}, "soon", "", 2**63, 10**30, -(2**63), 0, -1)))


def claim_missing(rng, case):
    name = rng.choice(("iss", "aud", "exp", "nbf", "serviceurl"))
    case.made["claims"].pop(name, None)
    _sign(case)
    return name


def claim_null_or_of_another_type(rng, case):
    return _claim(case, rng.choice(("iss", "aud", "exp", "nbf", "serviceurl")), rng.choice((None, 7, True, [], {}, "", [None], 1.5)))


def claim_that_nobody_reads(rng, case):
    name = rng.choice(("sub", "jti", "iat", "tid", "appid", "ver", "scp", "azp", "serviceUrl", "ISS", "roles"))
    content = rng.choice(("text", 7, None, ["list"], {"iss": "nested", "exp": 1}, 1.5, "1500000000", True))
    return _claim(case, name, content)


def audience_changed(rng, case):
    return _claim(
        case,
        "aud",
        rng.choice(
            (APP.upper(), f"api://{APP}", f"api://botid-{APP}", f"{APP} ", f" {APP}", APP[:-1], APP + "0", "", [APP], [APP, "other"], ["other"], [], [APP, 7],
             {"aud": APP}, "https://api.botframework.com", edit_text(rng, APP))
        ),
    )  # fmt: skip


def issuer_changed(rng, case):
    return _claim(
        case,
        "iss",
        rng.choice(
            (f"{ISSUER}/", "https://api.botframework.us", "https://api.botframework.azure.cn", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
             "http://api.botframework.com", ISSUER.upper(), f" {ISSUER}", [ISSUER], "", None, f"{ISSUER}.evil.example", edit_text(rng, ISSUER))
        ),
    )  # fmt: skip


def service_url_changed(rng, case):
    new = rng.choice(
        (SERVICE_URL, SERVICE_URL.rstrip("/"), f"{SERVICE_URL}/", SERVICE_URL.upper(), "https://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net",
         f" {SERVICE_URL}", f"{SERVICE_URL}?x", "", "/", None, 7, [SERVICE_URL], SERVICE_URL.replace("/amer", "/%61mer"), edit_text(rng, SERVICE_URL))
    )  # fmt: skip
    if rng.random() < 0.5:
        return _claim(case, "serviceurl", new)
    case.made["activity"]["serviceUrl"] = new
    case.body = json.dumps(case.made["activity"]).encode()
    return f"serviceUrl of the body = {new!r}"


def service_url_of_both_changed(rng, case):
    new = rng.choice((edit_text(rng, SERVICE_URL), "https://Schlüssel.example/世界/", "/", "x", "", "//", "https://a.example"))
    case.made["activity"]["serviceUrl"] = new + rng.choice(("", "/"))
    case.body = json.dumps(case.made["activity"]).encode()
    return _claim(case, "serviceurl", new)


def body_written_anew(rng, case):
    try:
        fields = list(json.loads(case.body).items())
    except (ValueError, AttributeError):
        raise NotApplicable from None
    rng.shuffle(fields)
    case.body = json.dumps(dict(fields), indent=rng.choice((None, 1, "\t")), ensure_ascii=rng.random() < 0.5).encode()
    return "another order"


def body_of_another_kind(rng, case):
    named = json.dumps(case.made["activity"]["serviceUrl"])
    case.body = rng.choice(
        (b"", b"[]", b"null", b"{}", b'"x"', f"[{named}]".encode(), f'{{"serviceUrl":{named}}}'.encode(), f'{{"serviceUrl":{named}'.encode(),
         f'{{"serviceUrl":"x","serviceUrl":{named}}}'.encode(), f'{{"serviceUrl":{named},"serviceUrl":"x"}}'.encode(), f'{{"ServiceUrl":{named}}}'.encode(),
         f'{{"a":{{"serviceUrl":{named}}}}}'.encode(), f'{{"serviceUrl":{named}}} x'.encode(), f'{{"serviceUrl":{named},}}'.encode())
    )  # fmt: skip
    return f"{case.body[:50]!r}"


def body_in_a_dialect(rng, case):
    named = json.dumps(case.made["activity"]["serviceUrl"])
    odd = rng.choice(("NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', "[" * 200 + "]" * 200))
    case.body = f'{{"serviceUrl":{named},"x":{odd}}}'.encode()
    return odd[:20]


def token_in_a_dialect(rng, case):
    header, claims = json.dumps(case.made["header"]), json.dumps(case.made["claims"])
    how = rng.choice(("UTF-16", "BOM", "NaN", "comment", "spaces", "escapes", "list", "not UTF-8 where nobody reads", "text behind"))
    which = rng.choice(("header", "claims"))
    text = header if which == "header" else claims
    raw = {
        "UTF-16": text.encode("utf-16-le"),
        "BOM": b"\xef\xbb\xbf" + text.encode(),
        "NaN": (text[:-1] + ',"x":NaN}').encode(),
        "comment": (text + "//").encode(),
        "spaces": f" \t\r\n{text}\n ".encode(),
        "escapes": text.replace('"iss"', '"\\u0069ss"').replace('"alg"', '"\\u0061lg"').replace("/", "\\/").encode(),
        "list": json.dumps(list(json.loads(text).values())).encode(),
        "not UTF-8 where nobody reads": text[:-1].encode() + b',"x":"\xff"}',
        "text behind": (text + text).encode(),
    }[how]
    if how.startswith("not UTF-8"):
        case.hint = "teams-bytes-nobody-reads"
    _sign(case, **{which: raw})
    return f"{how} in the {which}"


def name_twice(rng, case):
    header, claims = json.dumps(case.made["header"]), json.dumps(case.made["claims"])
    if rng.random() < 0.3:
        name = rng.choice(("alg", "kid", "typ"))
        good = json.dumps(case.made["header"].get(name))
        first, last = rng.choice(((good, '"x"'), ('"x"', good), (good, good)))
        rest = json.dumps({other: found for other, found in case.made["header"].items() if other != name})
        _sign(case, header=f'{{"{name}":{first},{rest[1:-1]},"{name}":{last}}}'.encode())
    else:
        name = rng.choice(("iss", "aud", "exp", "nbf", "serviceurl", "tid"))
        good = json.dumps(case.made["claims"].get(name))
        bad = "1" if name in ("exp", "nbf") else '"x"'
        first, last = rng.choice(((good, bad), (bad, good), (good, good)))
        rest = json.dumps({other: found for other, found in case.made["claims"].items() if other != name})
        _sign(case, claims=f'{{"{name}":{first},{rest[1:-1]},"{name}":{last}}}'.encode())
    return f"{name}: {first}, then {last}"[:80]


def claims_in_another_order(rng, case):
    for part in ("header", "claims"):
        items = list(case.made[part].items())
        rng.shuffle(items)
        case.made[part] = dict(items)
    indent = rng.choice((None, 2))
    _sign(case, json.dumps(case.made["header"], indent=indent).encode(), json.dumps(case.made["claims"], indent=indent).encode())
    return "header and claims"


def token_long(rng, case):
    size = rng.choice((100, 3000, 5000, 7000, 10_000))
    return _claim(case, "filler", "x" * size)[:20] + f"… ({size})"


def token_at_the_longest(rng, case):
    case.made["claims"]["filler"] = ""
    _sign(case)
    missing = TOKEN_MAX_BYTES - len(".".join(_token(case))) + rng.choice((-8, -4, 0, 4))
    case.made["claims"]["filler"] = "x" * (missing * 3 // 4)
    _sign(case)
    return f"{len('.'.join(_token(case)))} bytes"


def scheme_changed(rng, case):
    token = ".".join(_token(case))
    new = rng.choice(
        (f"bearer {token}", f"BEARER {token}", f"Bearer  {token}", f"Bearer {token} ", f" Bearer {token}", f"Bearer\t{token}", token, f"Basic {token}", "Bearer",
         "Bearer ", f"Bearer {token} x", f'Bearer "{token}"', f"Bearer{token}", f"Bearer token={token}", f"Bearer: {token}", f"JWT {token}", "")
    )  # fmt: skip
    replace(case.headers, "authorization", new)
    return new[:12]


def authorization_missing(rng, case):
    case.headers = [pair for pair in case.headers if pair[0].lower() != "authorization"]
    return "none"


def authorization_repeated(rng, case):
    token = ".".join(_token(case))
    other = rng.choice((f"Bearer {token}", "Bearer x.y.z", "Basic eDp5", ""))
    case.headers.insert(rng.randrange(len(case.headers) + 1), (any_case(rng, "authorization"), other))
    return other[:12]


def app_changed(rng, case):
    case.settings["app_id"] = edit_text(rng, APP, "0123456789abcdef")
    if rng.random() < 0.5:
        return _claim(case, "aud", case.settings["app_id"])
    return case.settings["app_id"]


def clock_moved(rng, case):
    case.now_ms += rng.choice((-1, 1)) * rng.choice((1, 250_000, 300_000, 1_000_000, 3_600_000, 10**10))
    return f"{case.now_ms}"


MUTATIONS = [
    *HARMLESS,
    body_changed,
    token_changed,
    token_letter_changed,
    token_cut_or_joined,
    signature_changed,
    signature_of_another_key,
    base64_written_otherwise,
    base64_padded_and_signed,
    algorithm_changed,
    algorithm_named_wrongly,
    header_member_added,
    header_member_missing,
    header_critical,
    header_that_says_nothing,
    kid_changed,
    kid_long_and_known,
    keys_of_one_id,
    key_endorsed_otherwise,
    key_described_otherwise,
    key_of_another_algorithm,
    key_padded,
    key_of_another_size,
    keys_missing,
    times_at_the_edge,
    times_anywhere,
    times_spelled_otherwise,
    claim_missing,
    claim_null_or_of_another_type,
    claim_that_nobody_reads,
    audience_changed,
    issuer_changed,
    service_url_changed,
    service_url_of_both_changed,
    body_written_anew,
    body_of_another_kind,
    body_in_a_dialect,
    token_in_a_dialect,
    name_twice,
    claims_in_another_order,
    token_long,
    token_at_the_longest,
    scheme_changed,
    authorization_missing,
    authorization_repeated,
    app_changed,
    clock_moved,
]
