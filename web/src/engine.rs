//! The page's end of the worker: starts it, sends orders, and starts another where one is given up.

use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, ErrorEvent, File, MessageEvent, Url, Worker, WorkerOptions};
use web_sys::{WorkerType, window};
use yew::Callback;

use crate::wire::{Ask, Order, Tell, Word};

/// What a worker begins with; it learns where the glue is from the page.
const WORKER: &str = include_str!("../shell/worker.js");

/// What listens to events of a kind.
type Ear<E> = Closure<dyn FnMut(E)>;

/// A worker and the orders that wait for it.
pub(crate) struct Engine {
    worker: Worker,
    /// What listens to the worker, for as long as there is one.
    _ears: (Ear<MessageEvent>, Ear<ErrorEvent>),
    tell: Callback<Word>,
    ready: bool,
    waiting: Vec<JsValue>,
    last: u32,
}

impl Engine {
    /// Starts a worker, whose words go to `tell`.
    ///
    /// # Errors
    /// When the browser does not start workers.
    pub(crate) fn start(tell: Callback<Word>) -> Result<Self, JsValue> {
        let worker = worker()?;
        worker.post_message(&wasm_bindgen::module())?;
        let heard = heard(tell.clone());
        let broke = broke(tell.clone());
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(broke.as_ref().unchecked_ref()));
        let ears = (heard, broke);
        Ok(Self { worker, _ears: ears, tell, ready: false, waiting: Vec::new(), last: 0 })
    }

    /// Gives up what is being done and starts anew: whatever the worker held is gone, and what it
    /// still says is not heard.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub(crate) fn restart(&mut self) -> Result<(), JsValue> {
        let mut anew = Self::start(self.tell.clone())?;
        anew.last = self.last;
        *self = anew;
        Ok(())
    }

    /// Orders may go: those that wait do.
    pub(crate) fn ready(&mut self) {
        self.ready = true;
        for order in self.waiting.drain(..) {
            post(&self.worker, &order);
        }
    }

    /// Sends an order, and the files that it is about. The number by which its answers are known.
    pub(crate) fn ask(&mut self, ask: Ask, files: &[File]) -> u32 {
        self.last += 1;
        let order = Order { id: self.last, ask };
        let text = serde_json::to_string(&order).expect("orders are plain data");
        let message = Array::of1(&text.into());
        for file in files {
            message.push(file);
        }
        if self.ready {
            post(&self.worker, &message);
        } else {
            self.waiting.push(message.into());
        }
        self.last
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// A worker that inherits the page's policy, as it comes from no address of its own.
fn worker() -> Result<Worker, JsValue> {
    let document = window().and_then(|it| it.document());
    let body = document.as_ref().and_then(web_sys::Document::body);
    let glue = body.and_then(|it| it.dataset().get("glue")).unwrap_or_default();
    // The page as one file has a script that the worker begins with, too.
    let whole = document.and_then(|it| it.get_element_by_id("whole")?.text_content());
    let kind_of = if whole.is_some() { WorkerType::Classic } else { WorkerType::Module };
    let script = whole.unwrap_or_else(|| WORKER.replace("{{glue}}", &glue));
    let kind = BlobPropertyBag::new();
    kind.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&script.into()), &kind)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let options = WorkerOptions::new();
    options.set_type(kind_of);
    Worker::new_with_options(&address, &options)
}

fn post(worker: &Worker, message: &JsValue) {
    // Text and files can always be sent.
    let _ = worker.post_message(message);
}

fn heard(tell: Callback<Word>) -> Closure<dyn FnMut(MessageEvent)> {
    Closure::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Ok(word) = serde_json::from_str(&text) {
            tell.emit(word);
        }
    })
}

fn broke(tell: Callback<Word>) -> Closure<dyn FnMut(ErrorEvent)> {
    Closure::new(move |event: ErrorEvent| {
        event.prevent_default();
        tell.emit(Word { id: 0, tell: Tell::Broken { text: event.message() } });
    })
}
