//! The map: nodes as boxes in groups. Only the rows near the window are in the document, so that
//! five thousand nodes scroll as fast as five.

mod lines;
mod rows;
mod tile;

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, window};
use yew::prelude::*;

use crate::grouping::groups;
use crate::scene::Scene;
use crate::standing::{NodeState, Standing};
use crate::words;
use rows::{Density, Row, Rows};
use tile::Tile;

/// What somebody does to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Fail,
    Recover,
    Cordon,
    Uncordon,
    Drain,
    Delete,
}

impl Deed {
    /// As the command calls the event.
    pub(crate) fn event(self, node: &str) -> String {
        let verb = match self {
            Self::Fail => "fail",
            Self::Recover => "recover",
            Self::Cordon => "cordon",
            Self::Uncordon => "uncordon",
            Self::Drain => "drain",
            Self::Delete => "delete",
        };
        format!("{verb}:{node}")
    }

    /// Fails a node that is up, and recovers one that is down.
    pub(crate) fn toggle(state: NodeState) -> Self {
        match state {
            NodeState::Failed | NodeState::NotReady => Self::Recover,
            _ => Self::Fail,
        }
    }
}

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) scene: Rc<Scene>,
    pub(crate) standing: Rc<Standing>,
    /// The label that groups.
    pub(crate) by: Option<String>,
    pub(crate) selected: Option<u32>,
    /// What it is called.
    pub(crate) name: &'static str,
    /// It is looked at only: nothing is done to nodes there.
    pub(crate) still: bool,
    /// The workload whose moves are drawn, besides those of the node that is selected.
    pub(crate) follow: Option<u32>,
    pub(crate) on_select: Callback<Option<u32>>,
    pub(crate) on_deed: Callback<(u32, Deed)>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && Rc::ptr_eq(&self.standing, &other.standing)
            && self.by == other.by
            && (self.selected, self.follow) == (other.selected, other.follow)
            && (self.name, self.still) == (other.name, other.still)
    }
}

/// What happens to the map.
pub(crate) enum Msg {
    /// The window was scrolled, or has another size.
    Look,
    /// A key was pressed on a node.
    Key(KeyboardEvent),
    /// A node got the focus.
    Focused(u32),
}

pub(crate) struct Map {
    root: NodeRef,
    rows: Rows,
    /// The rows in the document.
    shown: std::ops::Range<usize>,
    /// The node that Tab leads to.
    current: u32,
    /// It is to be focused as soon as it is in the document.
    wanted: bool,
    most: usize,
    _ears: [EventListener; 2],
}

impl Component for Map {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let window = window().expect("a page has a window");
        let ear = |kind: &'static str| {
            let link = ctx.link().clone();
            EventListener::new(&window, kind, move |_| link.send_message(Msg::Look))
        };
        let rows = Rows::default();
        let ears = [ear("scroll"), ear("resize")];
        let (root, shown) = (NodeRef::default(), 0..0);
        let mut map = Self { root, rows, shown, current: 0, wanted: false, most: 0, _ears: ears };
        map.measure(ctx.props(), 0.0);
        map
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Props) -> bool {
        let width = self.width();
        self.measure(ctx.props(), width);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Look => {
                let width = self.width();
                if (width - self.rows.width).abs() < 1.0 {
                    return self.look();
                }
                self.measure(ctx.props(), width);
                true
            }
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Focused(node) => std::mem::replace(&mut self.current, node) != node,
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            ctx.link().send_message(Msg::Look);
        }
        if self.wanted {
            let selector = format!("[data-node=\"{}\"]", self.current);
            let root = self.root.cast::<HtmlElement>();
            let tile = root.and_then(|it| it.query_selector(&selector).ok().flatten());
            if let Some(tile) = tile.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                let _ = tile.focus();
                self.wanted = false;
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let onkeydown = ctx.link().callback(Msg::Key);
        let above = self.rows.top(self.shown.start);
        let below = self.rows.height() - self.rows.top(self.shown.end);
        html! {
            <div class={classes!("map", self.rows.density.name())} ref={self.root.clone()}
                role="group" aria-label={ctx.props().name} {onkeydown}>
                { self.lines(ctx.props()) }
                { spacer(above) }
                { for self.rows.list[self.shown.clone()].iter().map(|row| self.row(ctx, row)) }
                { spacer(below) }
            </div>
        }
    }
}

/// Height without content: by an attribute, as the policy forbids inline styles.
fn spacer(height: f64) -> Html {
    html! { <svg class="spacer" width="1" height={format!("{height:.0}")} aria-hidden="true" /> }
}

impl Map {
    fn width(&self) -> f64 {
        self.root.cast::<HtmlElement>().map_or(0.0, |it| f64::from(it.client_width()))
    }

    /// Puts the nodes into rows anew. A box that is in another row then is another element, to
    /// which the focus has to be taken.
    fn measure(&mut self, props: &Props, width: f64) {
        let focused = window().and_then(|it| it.document()?.active_element());
        let root = self.root.cast::<HtmlElement>();
        self.wanted |= root.is_some_and(|root| root.contains(focused.as_deref()));
        let groups = groups(&props.scene.overview, props.by.as_deref());
        self.rows = Rows::new(&groups, props.scene.overview.nodes.len(), width);
        self.most = props.standing.nodes.iter().map(|node| node.cells.len()).max().unwrap_or(0);
        self.look();
    }

    /// Finds the rows near the window; whether they are others than before.
    fn look(&mut self) -> bool {
        let top =
            self.root.cast::<HtmlElement>().map_or(0.0, |it| -it.get_bounding_client_rect().top());
        let high = window().and_then(|it| it.inner_height().ok()?.as_f64()).unwrap_or(900.0);
        let shown = self.rows.between(top - high / 2.0, top + high * 1.5);
        std::mem::replace(&mut self.shown, shown.clone()) != shown
    }

    /// The moves of what is selected.
    fn lines(&self, props: &Props) -> Html {
        let Props { standing, selected, follow, .. } = props;
        let drawn = standing.moves.iter().filter(|one| {
            Some(one.workload) == *follow
                || Some(one.from) == *selected
                || Some(one.to) == *selected
        });
        lines::lines(&self.rows, drawn)
    }

    fn row(&self, ctx: &Context<Self>, row: &Row) -> Html {
        match row {
            Row::Title(title, count) => {
                let title = title.clone().unwrap_or_else(|| words::NO_LABEL.to_owned());
                html! {
                    <h2 class="group" key={format!("group {title}")}>
                        { title }<span>{ words::nodes(*count) }</span>
                    </h2>
                }
            }
            Row::Tiles(nodes) => html! {
                <ul class="tiles" key={format!("row {}", nodes[0])}>
                    { for nodes.iter().map(|node| self.tile(ctx, *node)) }
                </ul>
            },
        }
    }

    fn tile(&self, ctx: &Context<Self>, node: u32) -> Html {
        let Props { scene, standing, selected, still, on_select, on_deed, .. } = ctx.props();
        let onfocus = ctx.link().callback(Msg::Focused);
        html! {
            <Tile key={node} scene={scene.clone()} standing={standing.clone()} {node}
                density={self.rows.density} most={self.most} selected={*selected == Some(node)}
                current={self.current == node} still={*still} {onfocus}
                on_select={on_select.clone()} on_deed={on_deed.clone()} />
        }
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return false;
        }
        let Props { standing, on_deed, .. } = ctx.props();
        let columns = self.rows.columns as i64;
        let step = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            "ArrowDown" => columns,
            "ArrowUp" => -columns,
            "Home" => i64::MIN,
            "End" => i64::MAX,
            "f" | "c" | "d" if ctx.props().still => return false,
            "f" => {
                let state = standing.nodes[self.current as usize].state;
                on_deed.emit((self.current, Deed::toggle(state)));
                0
            }
            "c" => self.deed(ctx, Deed::Cordon, Deed::Uncordon),
            "d" => self.deed(ctx, Deed::Drain, Deed::Uncordon),
            _ => return false,
        };
        event.prevent_default();
        if step == 0 {
            return false;
        }
        self.current = self.rows.moved(self.current, step);
        self.reveal();
        self.wanted = true;
        true
    }

    /// Does something to the current node, or takes it back where it holds already.
    fn deed(&self, ctx: &Context<Self>, deed: Deed, back: Deed) -> i64 {
        let state = ctx.props().standing.nodes[self.current as usize].state;
        let holds = state == NodeState::Cordoned;
        ctx.props().on_deed.emit((self.current, if holds { back } else { deed }));
        0
    }

    /// Scrolls so far that the current node is in the document.
    fn reveal(&mut self) {
        let Some(row) = self.rows.row_of(self.current) else { return };
        if !self.shown.contains(&row) {
            let root = self.root.cast::<HtmlElement>();
            let top = root.map_or(0.0, |it| it.get_bounding_client_rect().top());
            let by = top + self.rows.top(row) - 200.0;
            window().inspect(|it| it.scroll_by_with_x_and_y(0.0, by));
            self.look();
        }
    }
}

impl Density {
    fn name(self) -> &'static str {
        match self {
            Self::Roomy => "roomy",
            Self::Dense => "dense",
            Self::Tiny => "tiny",
        }
    }
}
