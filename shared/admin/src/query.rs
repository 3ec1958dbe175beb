//! Query parameters, and pages of lists.

use crate::fields::{FieldErrors, read_fields};
use crate::{problem::ApiError, validation::one_of, wire_enum};
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use vestibule_domain::page::{Cursor, Order, PAGE_DEFAULT, PAGE_MAX, PageRequest};

/// Maximum length of a cursor.
const CURSOR_MAX_CHARS: usize = 4096;

wire_enum! {
    /// Order of a list.
    OrderName = Order {
        /// Latest first.
        NewestFirst = "newest",
        /// Earliest first.
        OldestFirst = "oldest",
    }
}

/// The place in a list, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes parameters")]
pub struct PlaceParams {
    /// Items per page, 1 to 100; 25 by default.
    #[param(minimum = 1, maximum = 100, required = false, example = 25)]
    limit: u16,
    /// `next_cursor` of the previous page. The other parameters must be the same as for that page.
    #[param(required = false, format = "cursor", min_length = 1, max_length = 4096)]
    cursor: String,
}

/// The order of a list, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
struct OrderParams {
    /// Order by creation, unless the list names another: `newest` first or `oldest` first.
    #[param(required = false, inline)]
    order: OrderName,
}

/// The parameters of a list with no order but those by creation, for the documentation.
#[derive(Debug)]
pub struct PageParams;

impl IntoParams for PageParams {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut params = PlaceParams::into_params(&place);
        params.extend(OrderParams::into_params(&place));
        params
    }
}

/// Filters of a list.
pub trait ListFilter: Default {
    /// The filters as received, each an optional text.
    type Params: DeserializeOwned + Default;
    /// The default order.
    const ORDER: Order = Order::NewestFirst;
    /// Orders of this list besides those by creation.
    const ORDERS: &'static [&'static str] = &[];

    /// Validates the filters.
    fn read(params: Self::Params, errors: &mut FieldErrors) -> Self;

    /// Takes over one of [`Self::ORDERS`].
    fn order_by(&mut self, _order: &str, _errors: &mut FieldErrors) {}
}

/// No filters.
impl ListFilter for () {
    type Params = NoParams;

    fn read(_: NoParams, _: &mut FieldErrors) {}
}

/// No parameters other than those of the page.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// The query of a list call.
#[derive(Debug)]
pub struct ListQuery<F> {
    /// The page.
    pub page: PageRequest,
    /// The filter.
    pub filter: F,
}

impl<S: Send + Sync, F: ListFilter> FromRequestParts<S> for ListQuery<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        list_query(parts.uri.query().unwrap_or(""))
    }
}

pub(crate) fn list_query<F: ListFilter>(query: &str) -> Result<ListQuery<F>, ApiError> {
    let mut errors = FieldErrors::default();
    let mut fields = fields_of(query, &mut errors);
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (limit, cursor, order) = (take("limit"), take("cursor"), take("order"));
    let (own, order): (Option<String>, Option<String>) = order.map_or((None, None), |order| {
        if F::ORDERS.contains(&order.as_str()) {
            (Some(order), None)
        } else {
            (None, Some(order))
        }
    });
    let page = PageRequest {
        limit: read_limit(limit, &mut errors),
        cursor: read_cursor(cursor, &mut errors),
        order: read_order::<F>(order.as_deref(), &mut errors),
    };
    let params = read_fields(fields, &mut errors);
    let mut filter = F::read(params, &mut errors);
    if let Some(own) = own {
        filter.order_by(&own, &mut errors);
    }
    errors.check_parameters()?;
    Ok(ListQuery { page, filter })
}

/// The parameters of a query, each of which is given once.
fn fields_of(query: &str, errors: &mut FieldErrors) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let name = name.into_owned();
        if fields.contains_key(&name) {
            errors.add(&name, "is given more than once");
        }
        fields.insert(name, Value::String(value.into_owned()));
    }
    fields
}

/// The query of a call that has filters and no pages.
#[derive(Debug)]
pub struct FilterQuery<F>(pub F);

impl<S: Send + Sync, F: ListFilter> FromRequestParts<S> for FilterQuery<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        filter_query(parts.uri.query().unwrap_or(""))
    }
}

fn filter_query<F: ListFilter>(query: &str) -> Result<FilterQuery<F>, ApiError> {
    let mut errors = FieldErrors::default();
    let fields = fields_of(query, &mut errors);
    let params = read_fields(fields, &mut errors);
    let filter = F::read(params, &mut errors);
    errors.check_parameters()?;
    Ok(FilterQuery(filter))
}

fn read_limit(text: Option<String>, errors: &mut FieldErrors) -> u16 {
    let Some(text) = text else {
        return PAGE_DEFAULT;
    };
    if let Ok(limit @ 1..=PAGE_MAX) = text.parse() {
        return limit;
    }
    errors.add(
        "limit",
        format!("must be a whole number from 1 to {PAGE_MAX}"),
    );
    PAGE_DEFAULT
}

fn read_cursor(text: Option<String>, errors: &mut FieldErrors) -> Option<Cursor> {
    let text = text?;
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=CURSOR_MAX_CHARS).contains(&text.len()) || !text.bytes().all(is_base64url) {
        errors.add("cursor", "must be a next_cursor of this list");
        return None;
    }
    Some(Cursor(text))
}

fn read_order<F: ListFilter>(text: Option<&str>, errors: &mut FieldErrors) -> Order {
    let spellings = [OrderName::SPELLINGS, F::ORDERS].concat();
    let order = one_of("order", text, &spellings, OrderName::parse, errors);
    order.map_or(F::ORDER, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::INVALID_PARAMETERS;

    #[test]
    fn a_page_is_read_and_has_defaults() {
        let query = list_query::<()>("limit=3&cursor=a-b&order=oldest").unwrap();
        assert_eq!(query.page.limit, 3);
        assert_eq!(query.page.cursor, Some(Cursor("a-b".to_owned())));
        assert_eq!(query.page.order, Order::OldestFirst);
        let query = list_query::<()>("").unwrap();
        assert_eq!(query.page.limit, PAGE_DEFAULT);
        assert_eq!(query.page.cursor, None);
        assert_eq!(query.page.order, Order::NewestFirst);
    }

    /// A list that can be ordered by name.
    #[derive(Debug, Default, PartialEq)]
    struct Named(bool);

    impl ListFilter for Named {
        type Params = NoParams;
        const ORDER: Order = Order::OldestFirst;
        const ORDERS: &'static [&'static str] = &["name"];

        fn read(_: NoParams, _: &mut FieldErrors) -> Self {
            Self(false)
        }

        fn order_by(&mut self, order: &str, _: &mut FieldErrors) {
            self.0 = order == "name";
        }
    }

    #[test]
    fn a_list_has_the_orders_that_it_names_besides_those_by_creation() {
        let query = list_query::<Named>("order=name").unwrap();
        assert_eq!(query.filter, Named(true));
        assert_eq!(query.page.order, Order::OldestFirst);
        let query = list_query::<Named>("order=newest").unwrap();
        assert_eq!(query.filter, Named(false));
        assert_eq!(query.page.order, Order::NewestFirst);
        let error = list_query::<Named>("order=age").unwrap_err();
        let rule = &error.errors()[0].rule;
        assert_eq!(rule, "must be one of `newest`, `oldest`, `name`");
        assert!(list_query::<()>("order=name").is_err());
    }

    #[test]
    fn all_wrong_parameters_are_told_at_once() {
        let error = list_query::<()>("limit=101&order=up&colour=red&cursor=%0A&colour=blue");
        let error = error.unwrap_err();
        assert_eq!(error.kind(), &INVALID_PARAMETERS);
        let fields = error.errors().iter().map(|error| error.field.as_str());
        let mut fields: Vec<_> = fields.collect();
        fields.sort_unstable();
        assert_eq!(fields, ["colour", "colour", "cursor", "limit", "order"]);
        assert!(list_query::<()>("limit=0").is_err());
        assert!(list_query::<()>("limit=x").is_err());
    }

    #[test]
    fn filters_without_pages_take_no_parameters_of_a_page() {
        assert!(filter_query::<()>("").is_ok());
        for wrong in ["limit=3", "cursor=a-b", "order=oldest", "colour=red"] {
            let error = filter_query::<()>(wrong).unwrap_err();
            assert_eq!(error.kind(), &INVALID_PARAMETERS, "{wrong}");
        }
    }

    #[test]
    fn a_parameter_that_is_given_is_not_empty() {
        for name in ["limit", "cursor", "order"] {
            let error = list_query::<()>(&format!("{name}=")).unwrap_err();
            assert_eq!(error.errors()[0].field, name);
        }
    }
}
