//! Something that is done once a pause is over, unless it is dropped before.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::window;

/// What is to be done.
pub(crate) struct Later {
    timer: i32,
    _act: Closure<dyn FnMut()>,
}

impl Later {
    /// After so many milliseconds.
    pub(crate) fn after(pause_ms: i32, act: impl FnMut() + 'static) -> Option<Self> {
        let act: Closure<dyn FnMut()> = Closure::new(act);
        let begin = act.as_ref().unchecked_ref();
        let timer = window()?
            .set_timeout_with_callback_and_timeout_and_arguments_0(begin, pause_ms)
            .ok()?;
        Some(Self { timer, _act: act })
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        window().inspect(|window| window.clear_timeout_with_handle(self.timer));
    }
}
