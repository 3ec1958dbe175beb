//! Routes, each declared once with its handler and the access it requires. The check, the document's
//! security section and the table for tests all follow from that declaration.

use crate::{
    AdminState, Call, CallOrigin, LoginCall, auth,
    brief::brief,
    problem::ApiError,
    projects::{check_project, project_of},
    refusals::record_refusal,
    with_middleware,
};
use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::MethodRouter,
};
use futures_util::future::join;
use std::{fmt, sync::Arc};
use utoipa::openapi::{Components, OpenApi, path::PathItem};
use utoipa_axum::router::UtoipaMethodRouter;
use vestibule_domain::{
    AccountScope, PortError,
    account::{
        ProjectState,
        credential::{Caller, CredentialClaim, Refusal},
        permission::Permission,
    },
    ids::ProjectId,
};

/// Access that a route requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// None: the route is open.
    Open,
    /// A caller with this permission.
    Needs(Permission),
    /// Any caller of an account.
    Member,
    /// Anybody who is signed in, whatever the account.
    SignedIn,
}

/// A declared route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: String,
    /// The access it requires.
    pub access: Access,
}

/// Wraps a route's handler in its check, once the state for the check exists.
type Guard<D> = Box<dyn FnOnce(MethodRouter<Arc<D>>, &Arc<D>) -> MethodRouter<Arc<D>> + Send>;

struct Guarded<D> {
    path: String,
    handler: MethodRouter<Arc<D>>,
    guard: Guard<D>,
}

/// The routes of one function, whose handlers take `State<Arc<D>>`.
pub struct Routes<D> {
    document: OpenApi,
    table: Vec<Route>,
    guarded: Vec<Guarded<D>>,
}

impl<D> fmt::Debug for Routes<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routes").field(&self.table).finish()
    }
}

impl<D: AsRef<AdminState> + Send + Sync + 'static> Routes<D> {
    /// Starts with no routes, and the head of the document.
    #[must_use]
    pub fn new(document: OpenApi) -> Self {
        Self {
            document,
            table: Vec::new(),
            guarded: Vec::new(),
        }
    }

    /// Adds an open route. Its handler makes its own checks and gets no [`Call`].
    #[must_use]
    pub fn open(self, handler: UtoipaMethodRouter<Arc<D>>) -> Self {
        self.add(Access::Open, handler, Box::new(|handler, _| handler))
    }

    /// Adds a route for callers with a permission.
    #[must_use]
    pub fn authorised(self, permission: Permission, handler: UtoipaMethodRouter<Arc<D>>) -> Self {
        self.authorised_beside::<()>(permission, handler)
    }

    /// Adds a route for callers with a permission. Its handler takes [`Beside<T>`], which is read
    /// concurrently with the caller's credential.
    #[must_use]
    pub fn authorised_beside<T: ReadBeside<D>>(
        self,
        permission: Permission,
        handler: UtoipaMethodRouter<Arc<D>>,
    ) -> Self {
        let guard = move |handler: MethodRouter<Arc<D>>, deps: &Arc<D>| {
            let state = (Arc::clone(deps), Some(permission));
            handler.route_layer(from_fn_with_state(state, admit::<D, T>))
        };
        self.add(Access::Needs(permission), handler, Box::new(guard))
    }

    /// Adds a route for every caller of an account.
    #[must_use]
    pub fn member(self, handler: UtoipaMethodRouter<Arc<D>>) -> Self {
        let guard = |handler: MethodRouter<Arc<D>>, deps: &Arc<D>| {
            let state = (Arc::clone(deps), None);
            handler.route_layer(from_fn_with_state(state, admit::<D, ()>))
        };
        self.add(Access::Member, handler, Box::new(guard))
    }

    /// Adds a route for everybody who is signed in. Its handler takes [`LoginCall`].
    #[must_use]
    pub fn signed_in(self, handler: UtoipaMethodRouter<Arc<D>>) -> Self {
        let guard = |handler: MethodRouter<Arc<D>>, deps: &Arc<D>| {
            let state = Arc::clone(deps);
            handler.route_layer(from_fn_with_state(state, admit_login::<D>))
        };
        self.add(Access::SignedIn, handler, Box::new(guard))
    }

    fn add(
        mut self,
        access: Access,
        (schemas, paths, handler): UtoipaMethodRouter<Arc<D>>,
        guard: Guard<D>,
    ) -> Self {
        let Some((path, item)) = paths.paths.into_iter().next() else {
            return self;
        };
        self.table.extend(methods(&item).map(|method| Route {
            method,
            path: path.clone(),
            access,
        }));
        let documented = &mut self.document.paths.paths;
        match documented.get_mut(&path) {
            Some(there) => there.merge_operations(item),
            None => {
                documented.insert(path.clone(), item);
            }
        }
        let components = self.document.components.get_or_insert_with(Components::new);
        components.schemas.extend(schemas);
        self.guarded.push(Guarded {
            path,
            handler,
            guard,
        });
        self
    }

    /// The declared routes.
    #[must_use]
    pub fn table(&self) -> &[Route] {
        &self.table
    }

    /// The handlers' documentation.
    pub(crate) const fn document(&self) -> &OpenApi {
        &self.document
    }

    /// The router, with every route's check and the middleware.
    pub fn into_router(self, deps: Arc<D>) -> Router {
        let state: &AdminState = (*deps).as_ref();
        let ids = Arc::clone(&state.ids);
        let router = self
            .guarded
            .into_iter()
            .fold(Router::new(), |router, route| {
                router.route(&route.path, (route.guard)(route.handler, &deps))
            });
        with_middleware(router.with_state(deps), ids)
    }
}

fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, is_there)| is_there.then_some(method))
}

/// A call's record, read concurrently with the caller's credential to save time. It is read under the
/// account that the credential claims, and reaches the handler only once the claim is proven.
pub trait ReadBeside<D>: Clone + Send + Sync + 'static {
    /// Reads the record.
    fn read(
        deps: &D,
        parts: &mut Parts,
        claimed: AccountScope,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

/// Nothing.
impl<D: Sync> ReadBeside<D> for () {
    async fn read(_: &D, _: &mut Parts, _: AccountScope) -> Result<Self, ApiError> {
        Ok(())
    }
}

/// A record read concurrently with the authentication.
#[derive(Debug, Clone)]
pub struct Beside<T>(pub T);

impl<S: Send + Sync, T: Clone + Send + Sync + 'static> FromRequestParts<S> for Beside<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(|| {
            PortError::corrupt(
                "route",
                "its handler asks for what its declaration does not read",
            )
            .into()
        })
    }
}

/// Proves the claim of a call and returns its caller, with the state of the project that the call is about. Records
/// the use of the credential.
async fn prove(
    claim: &CredentialClaim,
    project: Option<ProjectId>,
    headers: &HeaderMap,
    state: &AdminState,
) -> Result<(Caller, Option<ProjectState>), ApiError> {
    let (credential, project) = auth::find_beside(claim, project, state).await?;
    let now = state.clock.now();
    let caller = credential
        .caller(claim, now)
        .map_err(|refusal| auth::refused(claim, refusal))?;
    auth::note_use(&credential, caller.member_id, headers, now, state).await;
    Ok((caller, project))
}

/// Admits a call whose caller is authenticated and has the permission, if one is needed. The answer shows the
/// record only to a caller who may read it.
async fn admit<D: AsRef<AdminState> + Send + Sync + 'static, T: ReadBeside<D>>(
    State((deps, permission)): State<(Arc<D>, Option<Permission>)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let state: &AdminState = (*deps).as_ref();
    let claim = auth::read_claim(&parts, state)?;
    let claimed = auth::claimed_account(&claim)?;
    let headers = parts.headers.clone();
    let path = parts.uri.path().to_owned();
    let reading = T::read(&deps, &mut parts, claimed);
    let project = project_of(&path);
    let (proven, beside) = join(prove(&claim, project, &headers, state), reading).await;
    let origin = parts.extensions.get::<CallOrigin>().cloned();
    let (caller, project) = proven?;
    let call = Call::new(caller, origin.unwrap_or_default(), state.clone());
    if let Some(permission) = permission
        && !call.caller.may(permission)
    {
        tracing::info!(actor.id = %call.actor().id, %permission, "permission missing");
        record_refusal(state, &call, &parts, permission).await;
        return Err(ApiError::permission_missing(permission));
    }
    if let Some(project) = project {
        check_project(project, &parts.method, &path)?;
    }
    let may_read = permission.is_none_or(|permission| call.caller.may(permission.to_read()));
    let beside = Beside(beside?);
    parts.extensions.insert(beside);
    parts.extensions.insert(call);
    let response = next.run(Request::from_parts(parts, body)).await;
    if may_read {
        Ok(response)
    } else {
        brief(response).await
    }
}

/// Admits a call of somebody who is signed in. An API key is nobody's sign-in.
async fn admit_login<D: AsRef<AdminState> + Send + Sync + 'static>(
    State(deps): State<Arc<D>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let state: &AdminState = (*deps).as_ref();
    let (mut parts, body) = request.into_parts();
    let claim = auth::read_login_claim(&parts, state)?;
    let credential = auth::find(&claim, state).await?;
    let now = state.clock.now();
    let session = credential
        .login(&claim, now)
        .map_err(|refusal| auth::refused(&claim, refusal))?
        .clone();
    let account: Result<Option<Caller>, Refusal> = match claim.scope() {
        Some(_) => credential.caller(&claim, now).map(Some),
        None => Ok(None),
    };
    let member = account.as_ref().ok().and_then(Option::as_ref);
    let member = member.and_then(|caller| caller.member_id);
    auth::note_use(&credential, member, &parts.headers, now, state).await;
    let origin = parts.extensions.get::<CallOrigin>().cloned();
    let call = LoginCall::new(session, origin.unwrap_or_default(), account, state.clone());
    parts.extensions.insert(call);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

#[cfg(test)]
mod tests;
