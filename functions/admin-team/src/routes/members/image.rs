//! `/v1/members/{member_id}/image`: a picture of a member, for colleagues to see (SPEC E02).
//!
//! A member's own picture needs no permission, which a role could take away; everybody else's takes
//! `members.manage`.

use super::read;
use crate::{
    Deps,
    api_types::MemberPath,
    by,
    rights::{check_held, check_member},
};
use axum::{
    extract::State,
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, Picture,
    api_types::IfMatchHeader,
    cached_by_the_caller, etag, log,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    account::permission::Permission,
    event::{Change, Event},
    ids::MemberId,
    ports::{MemberImage, StoredImage},
    team::member::{Member, MemberStatus},
};

/// Seconds for which a caller may cache a picture.
const MAX_AGE: u32 = 300;

/// A picture of a member.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"image": "iVBORw0KGgo="}))]
pub struct MemberImageRequest {
    /// The file in base64: PNG, JPEG or WebP, 100 KiB at most.
    #[schema(required = true, nullable = false, max_length = 136_536)]
    image: Option<String>,
}

fn read_image(fields: Map<String, Value>) -> Result<MemberImage, ApiError> {
    let mut errors = FieldErrors::default();
    let request: MemberImageRequest = read_fields(fields, &mut errors);
    let image = errors.required("image", request.image).and_then(|text| {
        let checked = match BASE64.decode(text.as_bytes()) {
            Ok(bytes) => MemberImage::from_bytes(bytes),
            Err(_) => Err("must be base64 with padding (RFC 4648, section 4)"),
        };
        checked.map_err(|rule| errors.add("image", rule)).ok()
    });
    match image {
        Some(image) if errors.is_empty() => Ok(image),
        _ => Err(errors.into_validation()),
    }
}

/// Read a member's picture
///
/// Every caller of the account may see it. A page that shows it with a session names the account in the query, as
/// `?account=`, instead of the header. A member without one is answered by 204, not by an error.
#[utoipa::path(
    get,
    path = "/v1/members/{member_id}/image",
    tag = "Members",
    params(MemberPath),
    responses(
        (
            status = 200,
            description = "The picture, at most 100 KiB: PNG, JPEG or WebP. The caller may cache it for five minutes; shared caches may not.",
            content_type = "image/*",
            body = Vec<u8>,
            headers(("ETag" = String, description = "Version of the picture, for `If-Match`."))
        ),
        (status = 204, description = "The member has no picture. The caller may cache that for five minutes."),
        (status = 404, description = "There is no such member, or the member was removed.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get_member_image(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
) -> Result<Response, ApiError> {
    let stored = deps
        .member_images
        .member_image(call.scope(), path.member_id)
        .await?;
    let Some(image) = stored.image else {
        let member = read(&deps, call.scope(), path.member_id).await?;
        if member.status == MemberStatus::Removed {
            return Err(ApiError::not_found("member"));
        }
        let caching = [(CACHE_CONTROL, cached_by_the_caller(MAX_AGE))];
        return Ok((StatusCode::NO_CONTENT, caching).into_response());
    };
    let picture = Picture {
        media_type: image.media_type,
        bytes: image.bytes,
        max_age: MAX_AGE,
    };
    Ok((etag(stored.version), picture).into_response())
}

/// Set a member's picture
///
/// One's own, or with `members.manage` that of a member who holds no more than the caller. Its kind is told by its
/// bytes.
#[utoipa::path(
    put,
    path = "/v1/members/{member_id}/image",
    tag = "Members",
    params(MemberPath),
    request_body = MemberImageRequest,
    responses(
        (status = 204, description = "The picture is set."),
        (status = 404, description = "There is no such member, or the member was removed.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The member holds more than the caller, or somebody else changed the picture meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put_member_image(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    let member = target(&deps, &call, path.member_id).await?;
    let image = read_image(body.0)?;
    save(&deps, &call, &member, Some(image), &IfMatch::Absent).await
}

/// Delete a member's picture
///
/// One's own, or with `members.manage` that of a member who holds no more than the caller. Deleting one that does
/// not exist changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/members/{member_id}/image",
    tag = "Members",
    params(MemberPath, IfMatchHeader),
    responses(
        (status = 204, description = "There is no picture."),
        (status = 404, description = "There is no such member, or the member was removed.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The member holds more than the caller, or somebody else changed the picture meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The picture is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_member_image(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<MemberPath>,
) -> Result<StatusCode, ApiError> {
    let member = target(&deps, &call, path.member_id).await?;
    save(&deps, &call, &member, None, &if_match).await
}

/// Reads the member whose picture the caller may change.
async fn target(deps: &Deps, call: &Call, id: MemberId) -> Result<Member, ApiError> {
    let member = read(deps, call.scope(), id).await?;
    if call.caller.member_id != Some(id) {
        check_held(call, Permission::MembersManage)?;
        let roles = deps.members.roles(call.scope()).await?;
        check_member(call, &roles, &member)?;
    }
    if member.status == MemberStatus::Removed {
        return Err(ApiError::not_found("member"));
    }
    Ok(member)
}

/// Stores another picture, or none. One that is there already is not written again.
async fn save(
    deps: &Deps,
    call: &Call,
    member: &Member,
    image: Option<MemberImage>,
    if_match: &IfMatch,
) -> Result<StatusCode, ApiError> {
    let scope = call.scope();
    let before = deps.member_images.member_image(scope, member.id).await?;
    if before.image == image {
        return Ok(StatusCode::NO_CONTENT);
    }
    if_match.check(before.version)?;
    let change = Change {
        event: Event::MemberUpdated(member.id),
        before: facts(before.image.as_ref()),
        after: facts(image.as_ref()),
    };
    let entry = call.audit(change, call.now());
    let after = StoredImage {
        image,
        version: before.version,
    };
    deps.member_images
        .save_member_image(scope, member.id, &after, by(call, &entry))
        .await?;
    log(&entry);
    Ok(StatusCode::NO_CONTENT)
}

/// The facts of a picture that the audit log records.
fn facts(image: Option<&MemberImage>) -> Value {
    json!({"image": image.map(|image| image.media_type)})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<MemberImage, ApiError> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        read_image(fields)
    }

    /// SPEC E02.
    #[test]
    fn a_picture_comes_in_base64_and_what_is_wrong_with_it_is_told() {
        let png = BASE64.encode(b"\x89PNG\r\n\x1a\n");
        let image = read(json!({"image": png})).unwrap();
        assert_eq!(image.media_type, "image/png");
        let large = BASE64.encode(&vec![0; 102_401]);
        for (body, rule) in [
            (json!({}), "is required"),
            (
                json!({"image": "?"}),
                "must be base64 with padding (RFC 4648, section 4)",
            ),
            (
                json!({"image": BASE64.encode(b"GIF89a")}),
                "must be a PNG, JPEG or WebP image",
            ),
            (json!({"image": large}), "must have at most 102400 bytes"),
        ] {
            let error = read(body).unwrap_err();
            assert_eq!(error.errors()[0].field, "image");
            assert_eq!(error.errors()[0].rule, rule);
        }
    }
}
