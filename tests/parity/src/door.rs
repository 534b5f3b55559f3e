//! How a WebAssembly host asks: it puts texts byte by byte, each with an end, as name, content,
//! and where there are assumptions their name and content; then it reads the answer likewise. No
//! pointers go over the border, so nothing here is unsafe but the names by which it is called.
#![allow(unsafe_code, reason = "a function that a host can call has a name that is its own")]

use std::cell::RefCell;

thread_local! {
    static TEXTS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static OPEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The next byte of a text.
#[unsafe(no_mangle)]
pub extern "C" fn put(byte: u8) {
    OPEN.with_borrow_mut(|text| text.push(byte));
}

/// The text is at its end.
#[unsafe(no_mangle)]
pub extern "C" fn end() {
    TEXTS.with_borrow_mut(|texts| texts.push(OPEN.take()));
}

/// Asks about the texts so far, and forgets them. How long the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> usize {
    let mut texts = TEXTS.take().into_iter();
    let mut file = || Some((String::from_utf8(texts.next()?).ok()?, texts.next()?));
    let input = file().unwrap_or_default();
    let answer = crate::answer(input, file()).into_bytes();
    let length = answer.len();
    ANSWER.replace(answer);
    length
}

/// A byte of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn get(at: usize) -> u8 {
    ANSWER.with_borrow(|answer| answer[at])
}
