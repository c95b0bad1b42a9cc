//! Edits of a document, each of which must find its place.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

fn place<'a>(document: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    document
        .pointer_mut(pointer)
        .with_context(|| format!("nothing is at {pointer}"))
}

fn object<'a>(document: &'a mut Value, pointer: &str) -> Result<&'a mut Map<String, Value>> {
    let found = place(document, pointer)?.as_object_mut();
    found.with_context(|| format!("no object is at {pointer}"))
}

/// Sets a field of the object at the pointer.
pub(super) fn put(document: &mut Value, pointer: &str, name: &str, value: Value) -> Result<()> {
    object(document, pointer)?.insert(name.to_owned(), value);
    Ok(())
}

/// Removes a field of the object at the pointer.
pub(super) fn remove(document: &mut Value, pointer: &str, name: &str) -> Result<()> {
    let removed = object(document, pointer)?.remove(name);
    removed
        .map(drop)
        .with_context(|| format!("{pointer} has no {name}"))
}

/// Renames a field of the object at the pointer.
pub(super) fn rename(document: &mut Value, pointer: &str, from: &str, to: &str) -> Result<()> {
    let object = object(document, pointer)?;
    let moved = object
        .remove(from)
        .with_context(|| format!("{pointer} has no {from}"))?;
    object.insert(to.to_owned(), moved);
    Ok(())
}

/// Adds an item to the list at the pointer.
pub(super) fn push(document: &mut Value, pointer: &str, value: Value) -> Result<()> {
    let list = place(document, pointer)?.as_array_mut();
    list.with_context(|| format!("no list is at {pointer}"))?
        .push(value);
    Ok(())
}

/// Removes an item of the list at the pointer.
pub(super) fn remove_item(document: &mut Value, pointer: &str, index: usize) -> Result<()> {
    let list = place(document, pointer)?.as_array_mut();
    let list = list.with_context(|| format!("no list is at {pointer}"))?;
    ensure!(index < list.len(), "the list at {pointer} is shorter");
    list.remove(index);
    Ok(())
}
