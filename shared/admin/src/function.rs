//! The ends of an admin function: its router, its table of routes, and its part of the OpenAPI document.

/// Defines `router`, `table` and `openapi` of an admin function, and makes its ports usable as the state of its routes.
///
/// `$deps` are the ports, with the shell's own in the field `admin`; the settings in braces are shown in debug output.
/// `$routes` is the module whose `all` declares the routes, and `$openapi` the function's part of the document. The doc
/// comment is the router's.
#[macro_export]
macro_rules! admin_function {
    ($(#[$doc:meta])* $deps:ident {$($shown:ident),* $(,)?}, $routes:ident, $openapi:expr $(,)?) => {
        impl ::std::fmt::Debug for $deps {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($deps))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        }

        impl AsRef<$crate::AdminState> for $deps {
            fn as_ref(&self) -> &$crate::AdminState {
                &self.admin
            }
        }

        $(#[$doc])*
        pub fn router(deps: $deps) -> ::axum::Router {
            $routes::all().into_router(::std::sync::Arc::new(deps))
        }

        /// The routes, each with the access it requires.
        #[must_use]
        pub fn table() -> Vec<$crate::routes::Route> {
            $routes::all().table().to_vec()
        }

        /// This function's part of the OpenAPI document.
        #[must_use]
        pub fn openapi() -> $crate::openapi::FunctionApi {
            $openapi
        }
    };
}
