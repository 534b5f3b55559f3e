//! The worker: holds the cluster, reads files as streams, answers orders one after another.

mod read;

use std::cell::RefCell;
use std::rc::Rc;

use holdfast_session::changes::Change;
use holdfast_session::protocol::{Reply, Request};
use holdfast_session::{Files, Session};
use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

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
        let files = message.iter().skip(1).map(JsCast::unchecked_into).collect();
        spawn_local(answer(held.clone(), order, files));
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    tell(0, Tell::Ready);
}

/// Says something to the page.
fn tell(id: u32, tell: Tell) {
    let text = serde_json::to_string(&Word { id, tell }).expect("words are plain data");
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let _ = scope.post_message(&JsValue::from(text));
}

async fn answer(held: Held, order: Order, handles: Vec<File>) {
    let id = order.id;
    let files = match order.ask {
        Ask::OpenFiles => match read::files(id, &handles).await {
            Ok(files) => files,
            Err(refused) => return tell(id, refused),
        },
        Ask::OpenText(text) => read::text(text),
        Ask::OpenSample(sample) => read::sample(sample),
        Ask::Change(changes) => {
            let said = held.borrow_mut().as_mut().map(|session| changed(session, changes));
            return tell(id, said.unwrap_or_else(words::nothing_open));
        }
        Ask::Session(request) => {
            let reply = held.borrow_mut().as_mut().map(|session| session.reply(&request));
            let said = reply.map_or_else(words::nothing_open, |it| Tell::Reply(Box::new(it)));
            return tell(id, said);
        }
    };
    open(id, &held, files);
}

/// Makes the cluster another; where that cannot be it stays as it was.
fn changed(session: &mut Session, changes: Vec<Change>) -> Tell {
    let Reply { result, told } = session.reply(&Request::Change(changes));
    match result {
        Ok(_) => Tell::Changed { scene: Box::new(Scene::of(&session.loaded().cluster)) },
        Err(failure) => Tell::Refused { text: failure.message, hint: failure.hint, told },
    }
}

/// Opens files; what was open before stays where they are refused.
fn open(id: u32, held: &Held, files: Files) {
    let bytes = files.exports.iter().map(|file| file.bytes.len() as f64).sum();
    tell(id, Tell::Understanding { bytes });
    let name = words::names(&files.exports);
    let policy = read::policy(&files.beside);
    match Session::open(files, |done, all| tell(0, Tell::Checked { done, all })) {
        Ok((session, told)) => {
            let scene = Box::new(Scene::of(&session.loaded().cluster));
            *held.borrow_mut() = Some(session);
            tell(id, Tell::Opened { name, scene, told, policy });
        }
        Err((failure, told)) => {
            tell(id, Tell::Refused { text: failure.message, hint: failure.hint, told });
        }
    }
}
