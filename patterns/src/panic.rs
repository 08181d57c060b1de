//! Panics of user code as data.

use std::any::Any;

/// The message of a panic: what `panic!` was given, or a note that it was not text.
pub(crate) fn message(payload: Box<dyn Any + Send>) -> String {
    text(&*payload)
}

/// The same, of a panic that goes on.
pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<String>(), payload.downcast_ref::<&'static str>()) {
        (Some(text), _) => text.clone(),
        (_, Some(text)) => (*text).to_owned(),
        _ => "a panic whose payload is not text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn message_is_kept_for_text_and_named_for_anything_else() {
        assert_eq!(message(Box::new("literal")), "literal");
        assert_eq!(message(Box::new(String::from("formatted"))), "formatted");
        assert_eq!(message(Box::new(7)), "a panic whose payload is not text");
    }
}
