//! The worker: holds the cluster, reads files as streams, answers orders one after another.

mod read;

use std::cell::RefCell;
use std::rc::Rc;

use holdfast_session::changes::Change;
use holdfast_session::protocol::{Given, Reply, Request};
use holdfast_session::{Files, Session};
use js_sys::{Array, ArrayBuffer, Uint8Array, WebAssembly};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use crate::arriving;
use crate::scene::Scene;
use crate::wire::{Ask, Order, Tell, Word};
use crate::words;

/// The cluster that is open, if one is.
type Held = Rc<RefCell<Option<Session>>>;

/// Listens to orders for as long as the worker lives.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    std::panic::set_hook(Box::new(|panic| tell(0, Tell::Broken { text: panic.to_string() })));
    let held = Held::default();
    let listener: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |event: MessageEvent| {
        let message: Array = event.data().unchecked_into();
        let text = message.get(0).as_string().unwrap_or_default();
        let order: Order = serde_json::from_str(&text).expect("the page is of this version");
        let beside = message.iter().skip(1).collect();
        spawn_local(answer(held.clone(), order, beside));
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    tell(0, Tell::Ready);
}

/// Says something to the page.
fn tell(id: u32, tell: Tell) {
    tell_with(id, tell, &[]);
}

/// Says something, with bytes that change hands.
fn tell_with(id: u32, tell: Tell, bytes: &[u8]) {
    let text = serde_json::to_string(&Word { id, tell, beside: JsValue::UNDEFINED })
        .expect("words are plain data");
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let message = Array::of1(&text.into());
    let freight = Array::new();
    if !bytes.is_empty() {
        let buffer = Uint8Array::from(bytes).buffer();
        message.push(&buffer);
        freight.push(&buffer);
    }
    let _ = scope.post_message_with_transfer(&message, &freight);
}

/// Says what the cluster that is open looks like.
fn show(id: u32, session: &Session) {
    let scene = Scene::of(&session.loaded().cluster);
    arriving::send(scene, |piece, bytes| tell_with(id, Tell::Piece(piece), bytes));
}

async fn answer(held: Held, order: Order, beside: Vec<JsValue>) {
    let Order { id, quiet, ask } = order;
    let files = match ask {
        Ask::OpenFiles => {
            let handles: Vec<File> = beside.into_iter().map(JsCast::unchecked_into).collect();
            match read::files(id, &handles).await {
                Ok(files) => files,
                Err(refused) => return tell(id, refused),
            }
        }
        Ask::OpenText(text) => read::text(text),
        Ask::OpenSample(sample) => read::sample(sample),
        Ask::Change(changes) => {
            let change = |session: &mut Session| changed((id, quiet), session, changes);
            let said = held.borrow_mut().as_mut().map(change);
            return tell(id, said.unwrap_or_else(words::nothing_open));
        }
        Ask::Session(request) => return reply(id, &held, &request),
        Ask::Join { question, format } => {
            let parts = beside
                .iter()
                .filter_map(|part| serde_json::from_slice(&Uint8Array::new(part).to_vec()).ok());
            let request = Request::Join { question, parts: parts.collect(), format };
            return reply(id, &held, &request);
        }
    };
    open((id, quiet), &held, files);
}

/// Answers a question. What was found of a part of a sweep goes beside the answer, as the page has
/// no use for it but to hand it to who joins the parts.
fn reply(id: u32, held: &Held, request: &Request) {
    let Some(mut reply) = held.borrow_mut().as_mut().map(|session| session.reply(request)) else {
        return tell(id, words::nothing_open());
    };
    let mut whole = Vec::new();
    if let Ok(Given::Part(part)) = &mut reply.result {
        whole = serde_json::to_vec(part).expect("parts are plain data");
        part.found = Vec::new();
    }
    tell_with(id, Tell::Reply(Box::new(reply)), &whole);
}

/// Makes the cluster another; where that cannot be it stays as it was.
fn changed((id, quiet): (u32, bool), session: &mut Session, changes: Vec<Change>) -> Tell {
    let Reply { result, told } = session.reply(&Request::Change(changes));
    match result {
        Ok(_) => {
            if !quiet {
                show(id, session);
            }
            Tell::Changed { scene: Box::default() }
        }
        Err(failure) => Tell::Refused { text: failure.message, hint: failure.hint, told },
    }
}

/// Opens files; what was open before stays where they are refused.
fn open((id, quiet): (u32, bool), held: &Held, files: Files) {
    let bytes = files.exports.iter().map(|file| file.bytes.len() as f64).sum();
    tell(id, Tell::Understanding { bytes });
    let name = words::names(&files.exports);
    let policy = read::policy(&files.beside);
    match Session::open(files, |done, all| tell(0, Tell::Checked { done, all })) {
        Ok((session, told)) => {
            if !quiet {
                show(id, &session);
            }
            *held.borrow_mut() = Some(session);
            let scene = Box::default();
            tell(id, Tell::Opened { name, scene, told, policy, memory: memory() });
        }
        Err((failure, told)) => {
            tell(id, Tell::Refused { text: failure.message, hint: failure.hint, told });
        }
    }
}

/// How many bytes of memory this worker takes. What it once took it does not give back.
fn memory() -> f64 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    f64::from(memory.buffer().unchecked_into::<ArrayBuffer>().byte_length())
}
