"""Twilio's requests, signed and checked with `twilio.request_validator`."""

import hashlib
import json
import random
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes

from cases import (
    HARMLESS,
    TEXTS,
    Case,
    NotApplicable,
    Verdict,
    any_case,
    as_header,
    attempt,
    body_changed,
    change,
    edit_text,
    replace,
    value,
    values,
)
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm

SIGNATURE = "x-twilio-signature"
SETTINGS = SIGNATURE_SETTINGS_HEADER.lower()
CONTENT_TYPE = "content-type"
CURRENT, PREVIOUS = "auth_token", "previous_auth_token"
URL = "webhook_url"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
HASH = "bodySHA256"
SHA256 = "HMAC_SHA256"
# The suffix that we tell admins to put behind the address, so that Twilio tries again, and the one that we told them before.
RETRIES = "rc=3&rp=4xx,5xx,ct,rt"
EARLIER_RETRIES = "rc=3&rp=5xx,ct,rt"

TOKENS = ["12345678901234567890123456789012", "2bd9e9638872de601313dc77410d3b23", "odd 'token'\"&%41+", "Schlüssel-世界-👋", "t" * 128]
HOSTS = ["api.example.com", "API.Example.COM", "xn--bcher-kva.example", "192.0.2.7", "[2001:db8::1]"]
PATHS = [
    "/webhooks/twilio/01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    "/",
    "",
    "/a'b",
    "/a+b",
    "/a%20b",
    "/caf%C3%A9",
    "/caf%c3%a9",
    "/a//b/../c",
    "/p;x=1",
    "/p;x",
    "/@:~!$()*,",
]
QUERIES = [
    None,
    "foo=1&bar=2",
    "b=2&a=1",
    "q=a+b",
    "q=a%20b",
    "q='quoted'",
    "q=%27quoted%27",
    "q=%F0%9F%91%8B",
    "q=%f0%9f%91%8b",
    "a=1&a=2&a=1",
    "empty=",
    "flag",
    "next=http://a.example:8080/?x=1",
    "a=1&&b=2",
    "=",
]
NAMES = ["Body", "From", "To", "MessageSid", "NumMedia", "Reason", "ReasonConferenceEnded", "reason", "Ümlaut", "a[]", "", "世界"]


class Parameters:
    """Parameters as web frameworks give them to the validator: each may have several values."""

    def __init__(self, pairs):
        self._pairs = list(pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def getall(self, name: str) -> list[str]:
        return [value for other, value in self._pairs if other == name]


def fresh(rng: random.Random) -> Case:
    """A request of Twilio's, signed over the address that is configured there."""
    host = rng.choice(HOSTS[:1] * 4 + HOSTS)
    port = rng.choice(("", "", "", ":443", ":8443"))
    user = rng.choice(("", "", "", "", "", "user:pa55@")) if not port else ""
    base = f"https://{user}{host}{port}{rng.choice(PATHS[:1] * 4 + PATHS)}"
    own = rng.choice(QUERIES) if rng.random() < 0.3 else None
    fragment = rng.choice(("", "", "#" + RETRIES, "#" + EARLIER_RETRIES, "#rc=1&ct=2000"))
    is_json = rng.random() < 0.35
    case = Case(
        headers=[
            ("Content-Type", JSON if is_json else f"{FORM}; charset=UTF-8"),
            ("X-Twilio-Signature", ""),
            ("I-Twilio-Idempotency-Token", "0e2bd6d6-1d5c-4c7b-9d57-1b0cbc6b6a0f"),
            ("User-Agent", "TwilioProxy/1.1"),
        ],
        body=_json_body(rng) if is_json else _form_body(_parameters(rng), rng),
        settings={"account_sid": "AC" + "0" * 32, "phone_number": "+15005550006", URL: base + (f"?{own}" if own else "") + fragment},
        secrets={CURRENT: rng.choice(TOKENS)},
        now_ms=1_759_881_600_000,
        query=own or rng.choice(QUERIES),
    )
    if own is None and case.query is None and rng.random() < 0.1:
        case.query = ""
    if is_json:
        _add_hash(case)
    _sign(case)
    return case


def judge(case: Case) -> Verdict:
    theirs = _library_accepts(case)
    stricter = _rule_only_we_have(case)
    if theirs:
        return Verdict(theirs, stricter or _address_only_they_accept(case))
    return Verdict(theirs, None if stricter else _reason_why_only_we_accept(case))


# An application that uses the library.


def _requested(case: Case) -> str:
    """The address that was requested: where the application is, and the request's query."""
    base = case.settings[URL].split("#")[0].split("?")[0]
    return f"{base}?{case.query}" if case.query else base


def _media_type(case: Case) -> str:
    return (value(case.headers, CONTENT_TYPE) or "").split(";")[0].strip().lower()


def _library_accepts(case: Case, tokens: list[str] | None = None) -> bool:
    """The library is asked once for each token, and not at all without a current one."""
    if CURRENT not in case.secrets:
        return False
    algorithm = get_signature_algorithm(value(case.headers, SETTINGS))
    return any(_validates(token, case, algorithm) for token in (tokens or case.secrets.values()))


def _validates(token: str, case: Case, algorithm: str | None) -> bool:
    signature = value(case.headers, SIGNATURE)
    if signature is None:
        return False
    return attempt(lambda: RequestValidator(token).validate(_requested(case), _handed_over(case), signature, algorithm))


def _handed_over(case: Case):
    media_type = _media_type(case)
    if media_type == JSON:
        return case.body.decode()
    return Parameters(_decoded(case.body) if media_type == FORM else [])


def _decoded(body: bytes) -> list[tuple[str, str]]:
    """A form as the URL standard decodes it: bytes first, then UTF-8."""

    def text(part: bytes) -> str:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8", "replace")

    pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
    return [(text(name), text(content)) for name, _, content in pairs]


# Decisions of ours that differ on purpose.


def _hashes(query: str | None) -> list[str]:
    return [found for name, found in parse_qsl(query or "", keep_blank_values=True) if name == HASH]


def _own_query(case: Case) -> str | None:
    address = case.settings[URL].split("#")[0]
    return address.split("?", 1)[1] if "?" in address else None


def _query_is_anothers(case: Case) -> bool:
    own = _own_query(case)
    # An empty query and none are one to whoever is told the requested address, and two where they are configured.
    return own is not None and not (case.query and (case.query == own or case.query.startswith(f"{own}&")))


def _rule_only_we_have(case: Case) -> str | None:
    """A rule by which we refuse this request whatever its signature."""
    media_type, hashes = _media_type(case), _hashes(case.query)
    if len(values(case.headers, SIGNATURE)) > 1 or len(values(case.headers, CONTENT_TYPE)) > 1:
        return "twilio-repeated-header"
    if media_type not in (FORM, JSON):
        return "twilio-content-type"
    if media_type == FORM and hashes:
        return "twilio-form-with-hash"
    if media_type == JSON and (len(hashes) != 1 or not hashes[0]):
        return "twilio-json-without-one-hash"
    if not case.secrets.get(CURRENT, "").strip() or _library_accepts(case) and not _library_accepts(case, _tokens(case)):
        return "twilio-blank-token"
    return None


def _tokens(case: Case) -> list[str]:
    return [token for token in case.secrets.values() if token.strip()]


def _signed_over(case: Case, url: str, algorithm: str | None = None) -> bool:
    params = Parameters(_decoded(case.body)) if _media_type(case) == FORM else {}
    signature = value(case.headers, SIGNATURE)
    return any(signature == RequestValidator(token).compute_signature(url, params, algorithm) for token in _tokens(case))


def _spellings(url: str) -> list[str]:
    """The address as it is, and with its default port added or taken away."""
    scheme, separator, rest = url.partition("://")
    port = {"https": ":443", "http": ":80"}.get(scheme.lower())
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    authority, behind = rest[:end], rest[end:]
    host = authority.rpartition("@")[2].rpartition("]")[2]
    if not separator or port is None:
        return [url]
    if ":" not in host:
        return [url, f"{scheme}://{authority}{port}{behind}"]
    return [url, f"{scheme}://{authority.removesuffix(port)}{behind}"]


def _address_only_they_accept(case: Case) -> str | None:
    if get_signature_algorithm(value(case.headers, SETTINGS)).upper() == SHA256:
        return "twilio-shared-key"
    if _query_is_anothers(case):
        return "twilio-query-not-configured"
    if not any(_signed_over(case, url) for url in _spellings(_requested(case))):
        return "twilio-address-cut-by-library"
    return None


def _reason_why_only_we_accept(case: Case) -> str | None:
    """Asks the library again without the rule that it alone has."""
    is_json = _media_type(case) == JSON
    hashed_rightly = not is_json or _hashes(case.query)[0].lower() == hashlib.sha256(case.body).hexdigest()
    if not hashed_rightly:
        return None
    if _query_is_anothers(case):
        configured = case.settings[URL].split("#")[0]
        return "twilio-query-not-looked-at" if not is_json and any(_signed_over(case, url) for url in _spellings(configured)) else None
    requested = _spellings(_requested(case))
    if any(_signed_over(case, url) for url in requested):
        if get_signature_algorithm(value(case.headers, SETTINGS)).upper() != "HMAC_SHA1":
            return "twilio-algorithm-header-not-looked-at"
        if is_json and _hashes(case.query)[0] != _hashes(case.query)[0].lower():
            return "twilio-hash-in-capitals"
        if is_json and not _is_utf8(case.body):
            return "twilio-json-not-utf8"
        return "twilio-address-changed-by-library"
    fragment = case.settings[URL].partition("#")[2]
    if any(_signed_over(case, f"{url}#{behind}") for url in requested for behind in {RETRIES, EARLIER_RETRIES, fragment} if behind):
        return "twilio-signed-with-fragment"
    return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


# Parts of requests.


def _parameters(rng: random.Random) -> list[tuple[str, str]]:
    pairs = [("MessageSid", "SM" + f"{rng.getrandbits(128):032x}"), ("Body", rng.choice(TEXTS)), ("From", "+14158675309")]
    pairs += [(rng.choice(NAMES), rng.choice(TEXTS)) for _ in range(rng.randrange(5))]
    pairs += [rng.choice(pairs)] if rng.random() < 0.2 else []
    rng.shuffle(pairs)
    return pairs


def _form_body(pairs: list[tuple[str, str]], rng: random.Random) -> bytes:
    encode = rng.choice((quote_plus, lambda text: quote(text, safe=""), lambda text: quote_plus(text, safe="'*~!()@:/")))
    return "&".join(f"{encode(name)}={encode(text)}" for name, text in pairs).encode()


def _json_body(rng: random.Random) -> bytes:
    fields = dict(_parameters(rng))
    return json.dumps(fields, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 2))).encode()


def _add_hash(case: Case) -> None:
    """The body's hash at the end of the query, in place of one that is there."""
    try:
        body_hash = RequestValidator("").compute_hash(case.body.decode())
    except UnicodeDecodeError:
        body_hash = hashlib.sha256(case.body).hexdigest()
    kept = [pair for pair in (case.query or "").split("&") if not pair.startswith(f"{HASH}=")]
    case.query = "&".join([*kept, f"{HASH}={body_hash}"]).lstrip("&") if case.query else f"{HASH}={body_hash}"


def _sign(case: Case, url: str | None = None, token: str | None = None, algorithm: str | None = None) -> None:
    token = _current(case) if token is None else token
    params = Parameters(_decoded(case.body)) if _media_type(case) == FORM else {}
    replace(case.headers, SIGNATURE, RequestValidator(token).compute_signature(url or _requested(case), params, algorithm))


def _current(case: Case) -> str:
    if CURRENT not in case.secrets:
        raise NotApplicable
    return case.secrets[CURRENT]


def _only(case: Case, media_type: str) -> None:
    if _media_type(case) != media_type:
        raise NotApplicable


# Mutations. Their names are the words of the report.


def parameters_in_another_order(rng, case):
    _only(case, FORM)
    pairs = case.body.split(b"&")
    rng.shuffle(pairs)
    case.body = b"&".join(pairs)
    return f"{len(pairs)} parameters"


def parameters_encoded_otherwise(rng, case):
    _only(case, FORM)
    case.body = _form_body(_decoded(case.body), rng)
    return "the same names and values"


def parameter_letters_of_escapes(rng, case):
    _only(case, FORM)
    case.body = b"%".join([part[:2].lower() + part[2:] if at else part for at, part in enumerate(case.body.split(b"%"))])
    return "escapes in small letters"


def parameter_separators_added(rng, case):
    _only(case, FORM)
    case.body = rng.choice((b"&" + case.body, case.body + b"&", case.body.replace(b"&", b"&&")))
    return "empty pairs"


def parameter_repeated_with_its_value(rng, case):
    _only(case, FORM)
    pairs = case.body.split(b"&")
    pairs.insert(rng.randrange(len(pairs) + 1), rng.choice(pairs))
    case.body = b"&".join(pairs)
    return "the same pair twice"


def parameter_added(rng, case):
    _only(case, FORM)
    case.body += b"&" + _form_body([(rng.choice(NAMES), rng.choice(TEXTS))], rng)
    if signs := rng.random() < 0.5:
        _sign(case)
    return "signed" if signs else "not signed"


def parameter_taken_away(rng, case):
    _only(case, FORM)
    pairs = case.body.split(b"&")
    del pairs[rng.randrange(len(pairs))]
    case.body = b"&".join(pairs)
    return "one less"


def parameter_moved_into_another(rng, case):
    _only(case, FORM)
    pairs = sorted(_decoded(case.body))
    at = rng.randrange(len(pairs))
    name, text = pairs[at]
    # The concatenation may stay the same: then the signature must hold, for both.
    pairs[at : at + 1] = rng.choice(([(name + text[:1], text[1:])], [(name, text), ("", "")], [(name[:-1], name[-1:] + text)], [(name + text, "")]))
    case.body = _form_body(pairs, rng)
    return "a letter between name and value"


def parameter_value_trimmed(rng, case):
    _only(case, FORM)
    case.body = _form_body([(name, text.strip()) for name, text in _decoded(case.body)], rng)
    return "values without spaces around them"


def parameters_without_empty_ones(rng, case):
    _only(case, FORM)
    case.body = _form_body([(name, text) for name, text in _decoded(case.body) if text], rng)
    return "empty values dropped"


def body_changed_and_signed(rng, case):
    body_changed(rng, case)
    if _media_type(case) == JSON:
        _add_hash(case)
    _sign(case)
    return f"{len(case.body)} bytes"


def body_not_utf8_and_signed(rng, case):
    case.body += rng.choice((b"\xff", b"%FF", b"\xc3%A9", b"%C3\xa9", b"%E4%B8", b"%ED%A0%80", b"\xf0\x9f\x91", b"%F8%88%80"))
    if _media_type(case) == JSON:
        _add_hash(case)
    _sign(case)
    return f"{case.body[-6:]!r}"


def json_written_anew(rng, case):
    _only(case, JSON)
    try:
        case.body = json.dumps(json.loads(case.body), separators=(",", ":")).encode() + rng.choice((b"", b"\n", b" "))
    except ValueError:
        raise NotApplicable from None
    return "JSON"


def json_hash_in_other_letters(rng, case):
    _only(case, JSON)
    found = _hashes(case.query)
    if not found:
        raise NotApplicable
    case.query = case.query.replace(found[0], rng.choice((found[0].upper(), any_case(rng, found[0]))))
    _sign(case)
    return case.query[-20:]


def json_hash_changed(rng, case):
    _only(case, JSON)
    found = _hashes(case.query)
    if not found:
        raise NotApplicable
    at = rng.randrange(len(found[0]) or 1)
    changed = rng.choice(
        (found[0][:at] + rng.choice("0123456789abcdef") + found[0][at + 1 :], found[0][:-2], found[0] + "00", "", f"{found[0]},{found[0]}")
    )
    case.query = case.query.replace(found[0], changed)
    if rng.random() < 0.8:
        _sign(case)
    return case.query[-70:]


def json_hash_elsewhere(rng, case):
    _only(case, JSON)
    found = _hashes(case.query)
    if not found:
        raise NotApplicable
    pair = f"{HASH}={found[0]}"
    other = f"{HASH}={'0' * 64}"
    case.query = rng.choice(
        (f"{pair}&a=1", f"a=1&{pair}&b=2", f"%62odySHA256={found[0]}", f"bodysha256={found[0]}", f"{pair}&{other}", f"{other}&{pair}",
         f"{pair}&{pair}", f"{HASH}&{pair}", f"x={pair}", None)
    )  # fmt: skip
    _sign(case)
    return str(case.query)[:90]


def json_empty_without_hash(rng, case):
    _only(case, JSON)
    case.body = b""
    case.query = rng.choice((None, "a=1", f"{HASH}="))
    _sign(case)
    return str(case.query)


def form_with_hash(rng, case):
    _only(case, FORM)
    _add_hash(case)
    if rng.random() < 0.8:
        _sign(case)
    return case.query[-80:]


def content_type_changed(rng, case):
    new = rng.choice((FORM, JSON, f"{FORM};charset=utf-8", f"{JSON}; charset=utf-8", FORM.upper(), "text/plain", "multipart/form-data; boundary=x", "", "application/jsonx"))
    said = change(case, CONTENT_TYPE, lambda _: new)
    if rng.random() < 0.5:
        _sign(case)
    return said


def content_type_missing(rng, case):
    case.headers = [pair for pair in case.headers if pair[0].lower() != CONTENT_TYPE]
    if rng.random() < 0.5:
        _sign(case)
    return "no content type"


def default_port_signed(rng, case):
    spelled = _spellings(_requested(case))
    _sign(case, rng.choice(spelled))
    return spelled[-1][:60]


def default_port_configured(rng, case):
    address, hash_sign, fragment = case.settings[URL].partition("#")
    case.settings[URL] = _spellings(address)[-1] + hash_sign + fragment
    return case.settings[URL][:60]


def other_port_cut(rng, case):
    path = rng.choice([path for path in PATHS if path])
    port = rng.choice((":443", ":8443", ":80", ":0", ":"))
    user = rng.choice(("", "", "user:pa55@"))
    case.settings[URL] = f"https://{user}api.example.com{port}{path}" + (f"?{_own_query(case)}" if _own_query(case) else "")
    cut = _requested(case).replace(f"api.example.com{port}", "api.example.com")
    _sign(case, rng.choice((cut, _requested(case), cut.replace(user, "") if user else cut, f"https://user{path}")))
    return case.settings[URL][:60]


def fragment_signed(rng, case):
    fragment = rng.choice((RETRIES, EARLIER_RETRIES, case.settings[URL].partition("#")[2] or RETRIES, "rc=5", "x"))
    _sign(case, f"{rng.choice(_spellings(_requested(case)))}#{fragment}")
    return fragment


def fragment_configured(rng, case):
    case.settings[URL] = case.settings[URL].partition("#")[0] + rng.choice(("", f"#{RETRIES}", f"#{EARLIER_RETRIES}", "#rc=2"))
    return case.settings[URL][-20:]


def address_changed(rng, case):
    address, hash_sign, fragment = case.settings[URL].partition("#")
    scheme, separator, rest = address.partition("://")
    case.settings[URL] = scheme + separator + edit_text(rng, rest) + hash_sign + fragment
    if signs := rng.random() < 0.5:
        _sign(case)
    return f"{case.settings[URL]} ({'signed' if signs else 'not signed'})"


def address_scheme_changed(rng, case):
    scheme = rng.choice(("http", "HTTPS", "Https", "wss", "ftp"))
    case.settings[URL] = scheme + case.settings[URL].removeprefix("https")
    if signs := rng.random() < 0.7:
        _sign(case)
    return f"{scheme} ({'signed' if signs else 'not signed'})"


def address_signed_in_other_letters(rng, case):
    url = _requested(case)
    _sign(case, rng.choice((url.lower(), url.upper(), url.replace("https", "HTTPS", 1), url + "/", url.rstrip("/"), quote(url, safe=":/?&=%+[]@"))))
    return "signature over another spelling"


def query_changed(rng, case):
    if not case.query:
        raise NotApplicable
    case.query = rng.choice(
        (
            edit_text(rng, case.query, "aZ09+%&='/:;?~"),
            case.query.replace("+", "%20"),
            case.query.replace("%20", "+"),
            case.query.replace("'", "%27"),
            case.query.lower(),
            "&".join(reversed(case.query.split("&"))),
            case.query + "&x=1",
            None,
        )
    )
    if signs := rng.random() < 0.5:
        _sign(case)
    return f"{case.query} ({'signed' if signs else 'not signed'})"


def query_configured_and_other(rng, case):
    own = rng.choice([query for query in QUERIES if query])
    case.settings[URL] = case.settings[URL].split("#")[0].split("?")[0] + f"?{own}"
    case.query = rng.choice((own, own, f"{own}&x=1", f"{own}1", None, "z=1"))
    over = rng.choice((_requested(case), case.settings[URL]))
    _sign(case, over)
    return f"{own} configured, {case.query} requested"


def query_odd_and_signed(rng, case):
    case.query = rng.choice(("?", "a?b", "%", "%zz", "a=%00", "/../", "a=[1]", "a;b", "&", "é", "a=%ED%A0%80", "a" * 3000))
    if _media_type(case) == JSON:
        _add_hash(case)
    _sign(case)
    return case.query[:40]


def path_odd_and_signed(rng, case):
    behind = rng.choice((";", "/;", "/a;?", "/é", "/世界", "/a b", "/%", "//", "/..", "/\t", "/[", "/:8080", "/@x", "/a;b;c"))
    case.settings[URL] = f"https://api.example.com{behind}"
    _sign(case)
    return case.settings[URL]


def signature_changed(rng, case):
    return change(case, SIGNATURE, lambda text: edit_text(rng, text))


def signature_letter_changed(rng, case):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

    def edit(text):
        at = rng.choice((rng.randrange(len(text)), len(text) - 2)) if len(text) > 2 else 0
        return text[:at] + rng.choice(alphabet) + text[at + 1 :]

    return change(case, SIGNATURE, edit)


def signature_written_otherwise(rng, case):
    edit = rng.choice(
        (lambda t: t.rstrip("="), lambda t: t + "=", lambda t: t.replace("+", "-").replace("/", "_"), lambda t: f" {t}", lambda t: f"{t} ",
         str.lower, lambda t: f"{t},{t}", lambda t: f'"{t}"', lambda t: "", lambda t: "=", lambda t: t + "é", lambda t: t[:14] + " " + t[14:],
         lambda t: t + t)
    )  # fmt: skip
    return change(case, SIGNATURE, edit)


def signature_missing(rng, case):
    case.headers = [pair for pair in case.headers if pair[0].lower() != SIGNATURE]
    return "no signature"


def header_repeated(rng, case):
    name = rng.choice((SIGNATURE, CONTENT_TYPE))
    found = value(case.headers, name)
    if found is None:
        raise NotApplicable
    first = found if rng.random() < 0.5 else as_header(edit_text(rng, found))
    spelled = rng.choice((name, name.title(), name.upper()))
    case.headers.insert(rng.randrange(len(case.headers) + 1), (spelled, first))
    return f"{spelled}: {first!r}"


def algorithm_named(rng, case):
    algorithm = rng.choice(("HMAC_SHA1", SHA256, "hmac_sha256", "HMAC_SHA512", ""))
    case.headers.append((SIGNATURE_SETTINGS_HEADER, rng.choice((f"key=webhooks_sharedkey_1,algorithm={algorithm}", f"algorithm = {algorithm}"))))
    signed_with = rng.choice(("HMAC_SHA1", SHA256))
    _sign(case, algorithm=signed_with)
    return f"{case.headers[-1][1]}, signed with {signed_with}"


def signature_of_another_hash(rng, case):
    _sign(case, algorithm=SHA256)
    return "SHA-256, and no header says so"


def token_changed(rng, case):
    case.secrets[CURRENT] = edit_text(rng, _current(case))
    return "another token"


def token_with_odd_characters(rng, case):
    case.secrets[CURRENT] = edit_text(rng, rng.choice(TOKENS))
    _sign(case)
    return repr(case.secrets[CURRENT])[:60]


def token_blank(rng, case):
    blank = rng.choice(("", " ", "\t\n"))
    _sign(case, token=blank)
    case.secrets[rng.choice((CURRENT, PREVIOUS))] = blank
    return repr(blank)


def token_missing(rng, case):
    token = case.secrets.pop(CURRENT, "")
    if rng.random() < 0.5:
        case.secrets[PREVIOUS] = token
    return f"only {list(case.secrets)}"


def token_rotated(rng, case):
    case.secrets[PREVIOUS] = _current(case)
    case.secrets[CURRENT] = rng.choice(TOKENS) + "-new"
    signed_with = rng.choice((CURRENT, PREVIOUS, None))
    _sign(case, token=case.secrets[signed_with] if signed_with else "a third token")
    return f"signed with {signed_with}"


MUTATIONS = [
    *HARMLESS,
    parameters_in_another_order,
    parameters_encoded_otherwise,
    parameter_letters_of_escapes,
    parameter_separators_added,
    parameter_repeated_with_its_value,
    parameter_added,
    parameter_taken_away,
    parameter_moved_into_another,
    parameter_value_trimmed,
    parameters_without_empty_ones,
    body_changed,
    body_changed_and_signed,
    body_not_utf8_and_signed,
    json_written_anew,
    json_hash_in_other_letters,
    json_hash_changed,
    json_hash_elsewhere,
    json_empty_without_hash,
    form_with_hash,
    content_type_changed,
    content_type_missing,
    default_port_signed,
    default_port_configured,
    other_port_cut,
    fragment_signed,
    fragment_configured,
    address_changed,
    address_scheme_changed,
    address_signed_in_other_letters,
    query_changed,
    query_configured_and_other,
    query_odd_and_signed,
    path_odd_and_signed,
    signature_changed,
    signature_letter_changed,
    signature_written_otherwise,
    signature_missing,
    header_repeated,
    algorithm_named,
    signature_of_another_hash,
    token_changed,
    token_with_odd_characters,
    token_blank,
    token_missing,
    token_rotated,
]
