//! Whether one map is shown, or the one before beside it; and whose moves are drawn.

use std::collections::BTreeSet;
use std::rc::Rc;

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::scene::Scene;
use crate::standing::Standing;
use crate::words;

/// Which maps there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sides {
    /// The moment that is chosen.
    #[default]
    One,
    /// Before anything happens, and the moment beside it.
    Both,
}

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    pub(crate) sides: Sides,
    pub(crate) follow: Option<u32>,
    pub(crate) on_sides: Callback<Sides>,
    pub(crate) on_follow: Callback<Option<u32>>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && Rc::ptr_eq(&self.standing, &other.standing)
            && (self.sides, self.follow) == (other.sides, other.follow)
    }
}

#[component]
pub(crate) fn Switch(props: &Props) -> Html {
    let both = props.sides == Sides::Both;
    let other = if both { Sides::One } else { Sides::Both };
    let toggle = props.on_sides.reform(move |_| other);
    html! {
        <>
            <button type="button" aria-pressed={both.to_string()} onclick={toggle}>
                { words::moves::BOTH }</button>
            { follow(props) }
        </>
    }
}

/// Whose moves are drawn, of the workloads of which pods moved.
fn follow(props: &Props) -> Html {
    let moved: BTreeSet<u32> = props.standing.moves.iter().map(|one| one.workload).collect();
    if moved.is_empty() {
        return html! {};
    }
    let choose = props.on_follow.reform(|event: Event| {
        event.target_unchecked_into::<HtmlSelectElement>().value().parse().ok()
    });
    let option = |at: u32| {
        let one = &props.scene.overview.workloads[at as usize];
        let name = format!("{}/{}", one.namespace, one.name);
        let selected = props.follow == Some(at);
        html! { <option value={at.to_string()} {selected}>{ name }</option> }
    };
    html! {
        <label>{ words::moves::FOLLOW }
            <select onchange={choose}>
                <option value="" selected={props.follow.is_none()}>
                    { words::moves::SELECTED_NODE }</option>
                { for moved.into_iter().map(option) }
            </select>
        </label>
    }
}
