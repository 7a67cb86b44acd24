//! A file manager in a few lines: the source side of X11's drag and drop (XDND version 5), which xdotool does not speak.

use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Answers what another program asks of a selection; none: not in this form.
pub fn hand_over(connection: &RustConnection, asked: &SelectionRequestEvent, bytes: Option<&[u8]>) {
    let property = if asked.property == u32::from(AtomEnum::NONE) { asked.target } else { asked.property };
    if let Some(bytes) = bytes {
        connection.change_property8(PropMode::REPLACE, asked.requestor, property, asked.target, bytes).expect("it is handed over");
    }
    let notice = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: asked.time,
        requestor: asked.requestor,
        selection: asked.selection,
        target: asked.target,
        property: if bytes.is_some() { property } else { AtomEnum::NONE.into() },
    };
    connection.send_event(false, asked.requestor, EventMask::NO_EVENT, notice).expect("a notice");
    connection.flush().expect("the display answers");
}

/// A window that nobody sees, to own selections.
pub fn owner(connection: &RustConnection, screen: usize) -> u32 {
    let (root, window) = (connection.setup().roots[screen].root, connection.generate_id().expect("an id"));
    connection.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &CreateWindowAux::new()).expect("a window");
    window
}

/// A drag of files over a window.
pub struct Drag {
    connection: RustConnection,
    source: u32,
    target: u32,
    list: String,
}

impl Drag {
    /// Takes files up and moves them over `target` at [x, y].
    pub fn begin(display: &str, target: u32, paths: &[&Path], [x, y]: [u32; 2]) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).expect("the display answers");
        let source = owner(&connection, screen);
        let list = paths.iter().map(|path| format!("file://{}\r\n", path.display().to_string().replace(' ', "%20"))).collect();
        let drag = Self { connection, source, target, list };
        let selection = drag.atom("XdndSelection");
        drag.connection.set_selection_owner(source, selection, x11rb::CURRENT_TIME).expect("the selection");
        drag.tell("XdndEnter", [source, 5 << 24, drag.atom("text/uri-list"), 0, 0]);
        drag.tell("XdndPosition", [source, 0, x << 16 | y, 0, drag.atom("XdndActionCopy")]);
        // The window asks what it is, and says that it would take it.
        drag.serve_until("XdndStatus");
        drag
    }

    /// Lets them fall.
    pub fn release(self) {
        self.tell("XdndDrop", [self.source, 0, 0, 0, 0]);
        self.serve_until("XdndFinished");
    }

    /// Takes them away again.
    pub fn leave(self) {
        self.tell("XdndLeave", [self.source, 0, 0, 0, 0]);
        self.connection.sync().expect("the display answers");
    }

    fn atom(&self, name: &str) -> Atom {
        self.connection.intern_atom(false, name.as_bytes()).expect("a request").reply().expect("an atom").atom
    }

    fn tell(&self, what: &str, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, self.target, self.atom(what), data);
        self.connection.send_event(false, self.target, EventMask::NO_EVENT, message).expect("a message");
        self.connection.flush().expect("the display answers");
    }

    /// Answers what the window asks, until it sends this message.
    fn serve_until(&self, what: &str) {
        let (wanted, limit) = (self.atom(what), Instant::now() + Duration::from_secs(20));
        while Instant::now() < limit {
            match self.connection.poll_for_event().expect("the display answers") {
                Some(Event::ClientMessage(message)) if message.type_ == wanted => return,
                Some(Event::SelectionRequest(asked)) => {
                    hand_over(&self.connection, &asked, Some(self.list.as_bytes()));
                }
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        panic!("the window never sent {what}");
    }
}
