//! A window manager in a few lines, as far as full screen goes: it grants what a window asks for (EWMH, `_NET_WM_STATE`).

use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, EventMask};
use x11rb::rust_connection::RustConnection;

use crate::harness::{App, Display, one_at_a_time};

struct Manager {
    connection: RustConnection,
    state: u32,
    fullscreen: u32,
}

impl Manager {
    fn start(display: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).expect("the display answers");
        let root = connection.setup().roots[screen].root;
        // What windows ask of their manager goes to whoever listens to the root window.
        let listens = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &listens).expect("a request").check().expect("it may listen");
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).expect("a request").reply().expect("an atom").atom;
        let (state, fullscreen) = (atom("_NET_WM_STATE"), atom("_NET_WM_STATE_FULLSCREEN"));
        Self { connection, state, fullscreen }
    }

    /// Waits until a window asks to be, or not to be, as large as the screen, and makes it so large.
    fn grant(&self, wanted: bool, size: [u32; 2]) {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            match self.connection.poll_for_event().expect("the display answers") {
                Some(Event::ClientMessage(asked)) if asked.type_ == self.state => {
                    let [action, first, second, ..] = asked.data.as_data32();
                    if (action == 1) == wanted && [first, second].contains(&self.fullscreen) {
                        let place = ConfigureWindowAux::new().x(0).y(0).width(size[0]).height(size[1]);
                        self.connection.configure_window(asked.window, &place).expect("a request");
                        self.connection.flush().expect("the display answers");
                        return;
                    }
                }
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        panic!("the window never asked for full screen {wanted}");
    }
}

#[test]
fn window_f11_fills_the_screen_and_gives_it_back() {
    let _guard = one_at_a_time();
    let Some(display) = Display::start("1600x1000x24") else { return };
    let manager = Manager::start(&display.name);
    let app = App::start(&display, &["--paused"], &[]);
    app.wait("window open");
    app.focus(&display);
    std::thread::sleep(Duration::from_secs(1));
    // Beyond 1280x800 there is nothing but the root window's black.
    let beyond = [1300, 820, 1600, 1000];
    let black = |at: [usize; 4]| display.screen().count([0, 0, 0], at);
    assert_eq!(black(beyond), 300 * 180);
    app.press(&display, "F11", "full screen on");
    manager.grant(true, [1600, 1000]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(black(beyond), 0, "the window fills the screen");
    app.press(&display, "F11", "full screen off");
    manager.grant(false, [1280, 800]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(black(beyond), 300 * 180, "it gives the screen back");
    app.assert_calm();
}
