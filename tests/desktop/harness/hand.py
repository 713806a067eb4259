"""A person's hand at the screen, for what the browser engine's driver cannot reach: the system's own dialogs, and the
window's close button. Usage: hand.py close|KEY TITLE, where KEY is X11's name of a key; hand.py type TITLE TEXT, where TEXT is
in Latin letters; or hand.py drop TITLE FILE..., as a file manager drops files. Waits for the window.
"""

import ctypes
import pathlib
import sys
import time

x11 = ctypes.CDLL("libX11.so.6")
xtest = ctypes.CDLL("libXtst.so.6")
Window = ctypes.c_ulong


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", Window),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("room", ctypes.c_long * 24),
    ]


class Attributes(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_int) for name in ("x", "y", "width", "height", "border", "depth")],
        ("visual", ctypes.c_void_p),
        ("root", Window),
        *[(name, ctypes.c_int) for name in ("kind", "bit_gravity", "win_gravity", "backing_store")],
        ("backing_planes", ctypes.c_ulong),
        ("backing_pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        ("room", ctypes.c_long * 24),
    ]


class SelectionRequest(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("owner", Window),
        ("requestor", Window),
        *[(name, ctypes.c_ulong) for name in ("selection", "target", "property", "time")],
    ]


class Selection(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("requestor", Window),
        *[(name, ctypes.c_ulong) for name in ("selection", "target", "property", "time")],
        ("room", ctypes.c_long * 24),
    ]


class Event(ctypes.Union):
    _fields_ = [("message", ClientMessage), ("request", SelectionRequest)]


VIEWABLE = 2


def declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


pointer = ctypes.POINTER
display_of = declare(x11, "XOpenDisplay", ctypes.c_void_p, ctypes.c_char_p)
root_of = declare(x11, "XDefaultRootWindow", Window, ctypes.c_void_p)
atom_of = declare(x11, "XInternAtom", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
query_tree = declare(
    x11, "XQueryTree", ctypes.c_int, ctypes.c_void_p, Window, pointer(Window), pointer(Window),
    pointer(pointer(Window)), pointer(ctypes.c_uint),
)
property_of = declare(
    x11, "XGetWindowProperty", ctypes.c_int, ctypes.c_void_p, Window, ctypes.c_ulong, ctypes.c_long, ctypes.c_long,
    ctypes.c_int, ctypes.c_ulong, pointer(ctypes.c_ulong), pointer(ctypes.c_int), pointer(ctypes.c_ulong),
    pointer(ctypes.c_ulong), pointer(ctypes.c_char_p),
)
attributes_of = declare(
    x11, "XGetWindowAttributes", ctypes.c_int, ctypes.c_void_p, Window, pointer(Attributes)
)
send_event = declare(
    x11, "XSendEvent", ctypes.c_int, ctypes.c_void_p, Window, ctypes.c_int, ctypes.c_long, pointer(ClientMessage)
)
set_focus = declare(x11, "XSetInputFocus", ctypes.c_int, ctypes.c_void_p, Window, ctypes.c_int, ctypes.c_ulong)
focus_of = declare(x11, "XGetInputFocus", ctypes.c_int, ctypes.c_void_p, pointer(Window), pointer(ctypes.c_int))
symbol_of = declare(x11, "XStringToKeysym", ctypes.c_ulong, ctypes.c_char_p)
code_of = declare(x11, "XKeysymToKeycode", ctypes.c_ubyte, ctypes.c_void_p, ctypes.c_ulong)
symbol_on = declare(
    x11, "XkbKeycodeToKeysym", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_int
)
fake_key = declare(
    xtest, "XTestFakeKeyEvent", ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong
)
create_window = declare(
    x11, "XCreateSimpleWindow", Window, ctypes.c_void_p, Window, ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
    ctypes.c_uint, ctypes.c_ulong, ctypes.c_ulong,
)
set_owner = declare(
    x11, "XSetSelectionOwner", ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, Window, ctypes.c_ulong
)
change_property = declare(
    x11, "XChangeProperty", ctypes.c_int, ctypes.c_void_p, Window, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_int,
    ctypes.c_int, ctypes.c_char_p, ctypes.c_int,
)
pending = declare(x11, "XPending", ctypes.c_int, ctypes.c_void_p)
next_event = declare(x11, "XNextEvent", ctypes.c_int, ctypes.c_void_p, pointer(Event))
sync = declare(x11, "XSync", ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


def title_of(display, window):
    kind, bits, items, left = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
    title = ctypes.c_char_p()
    name = atom_of(display, b"_NET_WM_NAME", 0)
    property_of(display, window, name, 0, 1024, 0, 0, kind, bits, items, left, title)
    return (title.value or b"").decode()


def windows(display, window):
    """The windows that can be seen on the screen, and their titles."""
    root, parent, children, count = Window(), Window(), pointer(Window)(), ctypes.c_uint()
    query_tree(display, window, root, parent, children, count)
    for child in children[: count.value]:
        attributes = Attributes()
        if attributes_of(display, child, attributes) and attributes.map_state == VIEWABLE:
            yield child, title_of(display, child)
            yield from windows(display, child)


def press(display, symbol):
    code = code_of(display, symbol)
    # On the key alone there is another sign.
    shift = [code_of(display, symbol_of(b"Shift_L"))] if symbol_on(display, code, 0, 0) != symbol else []
    for key in [*shift, code]:
        fake_key(display, key, 1, 0)
    for key in [code, *shift]:
        fake_key(display, key, 0, 0)
    sync(display, 0)


def message_to(display, window, kind, *values):
    message = ClientMessage(type=33, window=window, format=32)
    message.message_type = atom_of(display, kind, 0)
    message.data[: len(values)] = values
    send_event(display, window, 0, 0, message)
    sync(display, 0)


def answer(display, request, text):
    """Gives what is asked for: a list of addresses, whatever the form."""
    change_property(display, request.requestor, request.property, request.target, 8, 0, text, len(text))
    told = Selection(31, 0, 1, display, request.requestor, request.selection, request.target, request.property, request.time)
    send_event(display, request.requestor, 0, 0, ctypes.cast(ctypes.byref(told), pointer(ClientMessage)))
    sync(display, 0)


def drop(display, window, files, until):
    """Drops files on the middle of a window. See "Drag-and-Drop Protocol for the X Window System" (XDND), version 5."""
    text = "".join(pathlib.Path(file).as_uri() + "\r\n" for file in files).encode()
    attributes = Attributes()
    attributes_of(display, window, attributes)
    x, y = attributes.x + attributes.width // 2, attributes.y + attributes.height // 2
    source = create_window(display, root_of(display), 0, 0, 1, 1, 0, 0, 0)
    set_owner(display, atom_of(display, b"XdndSelection", 0), source, 0)
    status, finished = atom_of(display, b"XdndStatus", 0), atom_of(display, b"XdndFinished", 0)
    copy = atom_of(display, b"XdndActionCopy", 0)
    message_to(display, window, b"XdndEnter", source, 5 << 24, atom_of(display, b"text/uri-list", 0))
    message_to(display, window, b"XdndPosition", source, 0, x << 16 | y, 0, copy)
    dropped = False
    while True:
        if time.monotonic() > until:
            sys.exit("the drop is not taken" if dropped else "nothing can be dropped there")
        if not pending(display):
            time.sleep(0.02)
            continue
        event = Event()
        next_event(display, event)
        if event.message.type == 30:
            answer(display, event.request, text)
        elif event.message.type == 33 and event.message.message_type == finished:
            return
        elif event.message.type == 33 and event.message.message_type == status and not dropped:
            dropped = bool(event.message.data[1] & 1)
            if dropped:
                message_to(display, window, b"XdndDrop", source, 0, 0)
            else:
                # It does not know yet what is over it.
                message_to(display, window, b"XdndPosition", source, 0, x << 16 | y, 0, copy)


def main():
    act, title, *text = sys.argv[1:]
    # A window may go while it is looked at.
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _error: 0)
    x11.XSetErrorHandler(handler)
    display = display_of(None)
    until = time.monotonic() + 20
    window = None
    while window is None:
        if time.monotonic() > until:
            sys.exit(f"no window {title!r} among {sorted({name for _, name in windows(display, root_of(display))})}")
        window = next((one for one, name in windows(display, root_of(display)) if title in name), None)
        time.sleep(0.05)
    if act == "close":
        message_to(display, window, b"WM_PROTOCOLS", atom_of(display, b"WM_DELETE_WINDOW", 0))
        return
    if act == "drop":
        drop(display, window, text, until)
        return
    focus, kind = Window(), ctypes.c_int()
    while focus.value != window:
        set_focus(display, window, 2, 0)
        sync(display, 0)
        focus_of(display, focus, kind)
        if time.monotonic() > until:
            sys.exit("the window does not take the keyboard")
        time.sleep(0.05)
    # A Latin letter's number is its symbol's.
    for symbol in [ord(letter) for letter in text[0]] if act == "type" else [symbol_of(act.encode())]:
        press(display, symbol)


main()
