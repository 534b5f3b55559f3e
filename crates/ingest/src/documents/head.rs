//! What a JSON value at the place of an object is, told from as few of its bytes as possible.

use std::borrow::Cow;

use crate::{Rule, json::Cursor, text::Fault};

/// The members that tell what an object is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) api_version: Option<Cow<'a, str>>,
    pub(crate) kind: Option<Cow<'a, str>>,
    /// Byte offset of the value of `items`, when it is an array or null.
    pub(crate) items: Option<usize>,
    /// Whether `metadata` stands there.
    pub(crate) metadata: bool,
    /// Whether Go's own field names stand there.
    pub(crate) go_names: bool,
}

impl Head<'_> {
    /// Whether this is a list: a kind that ends in `List`, or items without a kind.
    pub(crate) fn is_list(&self) -> bool {
        match self.kind.as_deref() {
            Some(kind) => kind.ends_with("List") && !kind.starts_with("APIResource"),
            None => self.items.is_some(),
        }
    }
}

/// Reads leading members for as long as they are cheap: `apiVersion` and `kind` come first in
/// everything that kubectl and client-go write. Gives what was read when both are known, when a
/// list's items come, or at the first other member.
pub(crate) fn peek(text: &str, start: usize) -> Result<Head<'_>, Fault> {
    let mut cursor = Cursor::new(text, start);
    let mut head = Head::default();
    if !cursor.take(b'{') || cursor.peek() == Some(b'}') {
        return Ok(head);
    }
    loop {
        let key = cursor.key()?;
        let taken = member(&mut head, &key, &mut cursor)?;
        let told = head.api_version.is_some() && head.kind.is_some() && !head.is_list();
        if !taken || told || !cursor.next_or_close(b'}')? {
            return Ok(head);
        }
    }
}

/// Reads all members, and where the object ends.
pub(crate) fn scan(text: &str, start: usize) -> Result<(Head<'_>, usize), Fault> {
    let mut cursor = Cursor::new(text, start);
    let mut head = Head::default();
    if !cursor.take(b'{') {
        return Err(cursor.expected("`{`"));
    }
    if cursor.take(b'}') {
        return Ok((head, cursor.at));
    }
    loop {
        let key_at = cursor.at;
        let key = cursor.key()?;
        let twice = match &*key {
            "apiVersion" => head.api_version.is_some(),
            "kind" => head.kind.is_some(),
            "items" => head.items.is_some(),
            "metadata" => head.metadata,
            _ => false,
        };
        if twice {
            return Err(Fault::new(Rule::DuplicateKey, key_at, key));
        }
        if !member(&mut head, &key, &mut cursor)? {
            cursor.skip()?;
        }
        if !cursor.next_or_close(b'}')? {
            return Ok((head, cursor.at));
        }
    }
}

/// Notes one member. True when its value was taken; false leaves the cursor before the value.
fn member<'a>(head: &mut Head<'a>, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
    match key {
        "apiVersion" | "kind" if cursor.peek() == Some(b'"') => {
            let value = cursor.string()?;
            let place = if key == "kind" { &mut head.kind } else { &mut head.api_version };
            // An empty kind is how Go prints a kind that was not set.
            *place = Some(value).filter(|value| !value.is_empty());
            return Ok(true);
        }
        "items" if matches!(cursor.peek(), Some(b'[' | b'n')) => {
            head.items = Some(cursor.at);
        }
        "metadata" => head.metadata = true,
        "ObjectMeta" | "TypeMeta" | "ListMeta" => head.go_names = true,
        _ => {}
    }
    Ok(false)
}
