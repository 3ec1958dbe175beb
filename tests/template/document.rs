//! The template, with accessors that fail the test if something is missing.

use serde_json::Value;
use vestibule_testkit::template::{Function, Resource, Template};

/// The template of this repository.
pub fn template() -> Template {
    Template::load().unwrap()
}

/// The resources of a type. There must be at least one, because a test of none proves nothing.
pub fn some_of_type<'a>(template: &'a Template, resource_type: &str) -> Vec<Resource<'a>> {
    let found = template.of_type(resource_type);
    assert!(!found.is_empty(), "no {resource_type} in the template");
    found
}

/// The resource in a reference, which must have this type.
pub fn named_by<'a>(
    template: &'a Template,
    reference: &'a Value,
    resource_type: &str,
) -> Resource<'a> {
    let resource = template
        .named_by(reference)
        .unwrap_or_else(|| panic!("{reference} names no resource of the template"));
    assert_eq!(
        resource.value["Type"], resource_type,
        "the type of {}",
        resource.id
    );
    resource
}

/// All functions, of which there must be at least one.
pub fn functions(template: &Template) -> Vec<Function<'_>> {
    let functions = template.functions();
    assert!(!functions.is_empty(), "no function in the template");
    functions
}

/// The folder of a function under `functions/`.
pub fn folder(function: Function<'_>) -> &str {
    function
        .folder()
        .unwrap_or_else(|| panic!("the CodeUri of {} is of another form", function.resource.id))
}

/// The role of a function.
pub fn role<'a>(template: &'a Template, function: Function<'a>) -> Resource<'a> {
    named_by(
        template,
        function.resource.property("Role"),
        "AWS::IAM::Role",
    )
}

/// A numeric property.
pub fn number(resource: Resource<'_>, property: &str) -> u64 {
    resource
        .property(property)
        .as_u64()
        .unwrap_or_else(|| panic!("{property} of {} is not a number", resource.id))
}
