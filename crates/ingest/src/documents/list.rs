//! Lists and what they hold: one JSON value at the place of an object, down to the objects.

use std::{borrow::Cow, cell::Cell};

use super::{
    Reader, go_names,
    head::{self, Head},
    path,
};
use crate::{
    Diagnostic, RawObject, Rule, Severity,
    inventory::Skipped,
    json::Cursor,
    object::{Reading, group_of},
    text::{Fault, Mark, Positions, Text},
};

/// Lists within lists that are followed. Real exports nest two deep; the bound keeps the stack.
const LISTS_MAX: usize = 16;

/// Why the reading of a text ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The text is wrong here.
    Fault(Fault),
    /// The text is wrong, and the visitor already holds the diagnostic.
    Told,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What the enclosing list says about its items.
#[derive(Debug, Clone, Default)]
pub(crate) struct Enclosing<'a> {
    api_version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    /// How many lists enclose the value.
    depth: usize,
}

impl Enclosing<'_> {
    fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }
}

/// `apiVersion` and `kind`.
type Typed<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What became of one value.
#[derive(Debug)]
enum Outcome {
    /// It held objects, or was passed over.
    Done,
    /// It is an object that does not say its kind.
    NoKind,
}

impl Reader<'_> {
    /// Reads one value that stands where an object may stand.
    pub(crate) fn value<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
    ) -> Result<(), Stop> {
        let start = cursor.at;
        match self.element(text, cursor, &Enclosing::default())? {
            Outcome::Done => {}
            Outcome::NoKind => self.without_kind(text, start, 1),
        }
        Ok(())
    }

    fn element<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
        enclosing: &Enclosing<'a>,
    ) -> Result<Outcome, Stop> {
        if enclosing.depth > LISTS_MAX {
            return Err(Fault::new(Rule::TooDeep, cursor.at, "lists within lists").into());
        }
        match cursor.peek() {
            Some(b'{') => self.object(text, cursor, enclosing),
            Some(b'[') => {
                let enclosing = Enclosing { depth: enclosing.depth + 1, ..Enclosing::default() };
                let count = self.items(text, cursor, &enclosing)?;
                if count == 0 {
                    self.empty_list(text);
                }
                Ok(Outcome::Done)
            }
            _ => {
                cursor.skip()?;
                self.inventory.skip(Skipped::OtherData);
                Ok(Outcome::Done)
            }
        }
    }

    fn object<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
        enclosing: &Enclosing<'a>,
    ) -> Result<Outcome, Stop> {
        let start = cursor.at;
        let mut head = head::peek(text.json, start)?;
        let mut end = None;
        let told = |head: &Head<'a>| {
            head.is_list()
                || (head.kind.is_some() || enclosing.kind.is_some())
                    && (head.api_version.is_some() || enclosing.api_version.is_some())
        };
        if !told(&head) {
            let (scanned, scanned_end) = head::scan(text.json, start)?;
            head = scanned;
            end = Some(scanned_end);
        }
        if head.is_list() {
            self.list(text, cursor, head, enclosing.depth)?;
            return Ok(Outcome::Done);
        }
        if head.go_names && !head.metadata {
            return self.go_object(text, cursor, enclosing);
        }
        let object = head.metadata;
        let kind = head.kind.or_else(|| enclosing.kind.clone());
        let api_version = head.api_version.or_else(|| enclosing.api_version.clone());
        let typed = match (api_version, kind) {
            (Some(api_version), Some(kind)) => Some((api_version, kind)),
            (None, None) if object && enclosing.depth > 0 => self.by_path(text, start),
            _ => None,
        };
        match typed {
            Some((api_version, kind)) if api_version == "v1" && kind == "Status" => {
                self.status(text, cursor)?;
            }
            // What the API server can serve, in bundles: says nothing about what there is.
            Some((_, kind)) if kind == "APIResourceList" => {
                self.inventory.skip(Skipped::OtherData);
                cursor.at = start;
                cursor.skip()?;
            }
            Some(typed) => {
                if enclosing.depth > 0 && enclosing.kind.is_none() {
                    self.inventory.lists_seen.add(group_of(&typed.0), &typed.1, 1);
                }
                self.hand_over(text, cursor, typed, end)?;
            }
            None => {
                cursor.at = end.unwrap_or(start);
                if object {
                    return Ok(Outcome::NoKind);
                }
                self.inventory.skip(Skipped::OtherData);
            }
        }
        Ok(Outcome::Done)
    }

    /// Reads an object with Go's names as if it had the API's. All of it has the place where it
    /// starts.
    fn go_object(
        &mut self,
        text: &Text<'_>,
        cursor: &mut Cursor<'_>,
        enclosing: &Enclosing<'_>,
    ) -> Result<Outcome, Stop> {
        let start = cursor.at;
        let renamed = go_names::renamed(cursor.value()?).to_string();
        let (line, column) = text.line_column(start);
        let marks = [Mark { at: 0, line, column }];
        let own = Text { json: &renamed, positions: Positions::Mapped(&marks), ..*text };
        if self.told_of_go.replace(text.file) != Some(text.file) {
            self.diagnostics.push(Diagnostic {
                severity: Severity::Note,
                ..text.report(Fault::new(Rule::GoFieldNames, start, ""))
            });
        }
        let mut cursor = Cursor::new(own.json, 0);
        let outcome = self.object(&own, &mut cursor, &enclosing.deeper());
        // An offset in text that the file does not have means nothing outside of it.
        outcome.map_err(|stop| match stop {
            Stop::Fault(fault) => Stop::Fault(Fault { at: start, ..fault }),
            Stop::Told => Stop::Told,
        })
    }

    fn hand_over<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
        (api_version, kind): Typed<'a>,
        end: Option<usize>,
    ) -> Result<(), Stop> {
        let reading = Cell::new(end.map_or(Reading::Unread, Reading::Ends));
        let group_and_kind = (api_version.clone(), kind.clone());
        (self.visit)(RawObject::new((api_version, kind), text, cursor.at, &reading));
        match reading.get() {
            Reading::Ends(end) => cursor.at = end,
            Reading::Unread => cursor.skip()?,
            Reading::Broken => return Err(Stop::Told),
        }
        self.inventory.objects.add(group_of(&group_and_kind.0), &group_and_kind.1, 1);
        Ok(())
    }

    /// Walks the members of a list. Its kind may come before its items or after.
    fn list<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
        mut head: Head<'a>,
        depth: usize,
    ) -> Result<(), Stop> {
        let start = cursor.at;
        if head.kind.is_none() && first_item_lacks_kind(text.json, &head)? {
            head = head::scan(text.json, start)?.0;
        }
        let mut seen = Head::default();
        let mut count = 0;
        let mut more = cursor.take(b'{') && !cursor.take(b'}');
        while more {
            let key_at = cursor.at;
            let key = cursor.key()?;
            match &*key {
                "items" if cursor.peek() == Some(b'[') => {
                    twice(seen.items.replace(cursor.at).is_some(), key_at, &key)?;
                    let enclosing = of_items(&head, depth + 1);
                    count += self.items(text, cursor, &enclosing)?;
                }
                "kind" if cursor.peek() == Some(b'"') => {
                    twice(seen.kind.replace(cursor.string()?).is_some(), key_at, &key)?;
                }
                "apiVersion" if cursor.peek() == Some(b'"') => {
                    twice(seen.api_version.replace(cursor.string()?).is_some(), key_at, &key)?;
                }
                _ => cursor.skip()?,
            }
            more = cursor.next_or_close(b'}')?;
        }
        self.list_seen(text, &seen, count);
        Ok(())
    }

    /// Notes what a list proves about how many objects of a kind there are.
    fn list_seen(&mut self, text: &Text<'_>, list: &Head<'_>, count: u64) {
        match item_kind(list) {
            Some(kind) => {
                let group = list.api_version.as_deref().map_or("", group_of);
                self.inventory.lists_seen.add(group, kind, count);
            }
            None if count == 0 => self.empty_list(text),
            None => {}
        }
    }

    /// Reads an array of items and says how many there were.
    fn items<'a>(
        &mut self,
        text: &'a Text<'a>,
        cursor: &mut Cursor<'a>,
        enclosing: &Enclosing<'a>,
    ) -> Result<u64, Stop> {
        let mut count = 0;
        let mut without_kind = (0, 0);
        let mut more = cursor.take(b'[') && !cursor.take(b']');
        while more {
            cursor.peek();
            let start = cursor.at;
            if let Outcome::NoKind = self.element(text, cursor, enclosing)? {
                let first = if without_kind.0 == 0 { start } else { without_kind.1 };
                without_kind = (without_kind.0 + 1, first);
            }
            count += 1;
            more = cursor.next_or_close(b']')?;
        }
        if without_kind.0 > 0 {
            self.without_kind(text, without_kind.1, without_kind.0);
        }
        Ok(count)
    }

    /// Notes an empty list that does not say of what.
    fn empty_list(&mut self, text: &Text<'_>) {
        match path::kind(text.name) {
            Some((api_version, kind)) => {
                self.inventory.lists_by_path.add(group_of(api_version), kind, 0);
            }
            None => self.inventory.lists_of_nothing += 1,
        }
    }

    /// The kind that the file's path tells, for an item that nothing else tells the kind of.
    fn by_path<'a>(&mut self, text: &Text<'a>, start: usize) -> Option<Typed<'a>> {
        let (api_version, kind) = path::kind(text.name)?;
        if self.told_by_path.replace(text.file) != Some(text.file) {
            self.diagnostics.push(Diagnostic {
                severity: Severity::Note,
                ..text.report(Fault::new(Rule::KindFromPath, start, kind))
            });
        }
        Some((Cow::Borrowed(api_version), Cow::Borrowed(kind)))
    }

    /// Tells of objects that were left out because nothing says their kind.
    fn without_kind(&mut self, text: &Text<'_>, at: usize, count: u64) {
        self.diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            ..text.report(Fault::new(Rule::NoKind, at, format!("{count} left out")))
        });
    }

    /// What the API server says instead of objects; the kinds asked for stay unknown.
    fn status<'a>(&mut self, text: &Text<'a>, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        #[derive(serde::Deserialize)]
        struct Status {
            #[serde(default)]
            message: Option<String>,
        }
        let start = cursor.at;
        let status: Status = cursor.value()?;
        self.diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            ..text.report(Fault::new(Rule::ApiError, start, status.message.unwrap_or_default()))
        });
        Ok(())
    }
}

/// The kind of a list's items, when the list's own kind tells it: `PodList` holds `Pod`s, and a
/// plain `List` anything.
fn item_kind<'h>(list: &'h Head<'_>) -> Option<&'h str> {
    list.kind.as_deref()?.strip_suffix("List").filter(|kind| !kind.is_empty())
}

fn of_items<'a>(list: &Head<'a>, depth: usize) -> Enclosing<'a> {
    let kind = item_kind(list).map(|kind| match &list.kind {
        Some(Cow::Borrowed(whole)) => Cow::Borrowed(&whole[..kind.len()]),
        _ => Cow::Owned(kind.to_owned()),
    });
    let api_version = list.api_version.clone().filter(|_| kind.is_some());
    Enclosing { api_version, kind, depth }
}

/// Whether a list must be read for its kind before its items can be.
fn first_item_lacks_kind(json: &str, list: &Head<'_>) -> Result<bool, Fault> {
    let Some(items) = list.items else { return Ok(false) };
    let mut cursor = Cursor::new(json, items);
    if cursor.take(b'[') && cursor.peek() == Some(b'{') {
        return Ok(head::peek(json, cursor.at)?.kind.is_none());
    }
    Ok(false)
}

fn twice(before: bool, at: usize, key: &str) -> Result<(), Fault> {
    if before { Err(Fault::new(Rule::DuplicateKey, at, key)) } else { Ok(()) }
}
