"""A person's hand at the screen, for what the browser engine's driver cannot reach: the system's own dialogs, and the
window's close button. Usage: hand.py close|KEY TITLE, where KEY is X11's name of a key, or hand.py type TITLE TEXT, where TEXT is
in Latin letters. Waits for the window.
"""

import ctypes
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
        message = ClientMessage(type=33, window=window, format=32)
        message.message_type = atom_of(display, b"WM_PROTOCOLS", 0)
        message.data[0] = atom_of(display, b"WM_DELETE_WINDOW", 0)
        send_event(display, window, 0, 0, message)
        sync(display, 0)
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
