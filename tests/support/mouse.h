// SPDX-License-Identifier: GPL-3.0-or-later
// Gestures with the mouse, sent straight to a widget: they depend neither on a pointer nor on a window manager.
#pragma once

#include <QApplication>
#include <QMouseEvent>
#include <QWheelEvent>
#include <QWidget>

namespace longscope {

inline void send_mouse(QWidget& widget, QEvent::Type type, const QPointF& at, Qt::MouseButton button,
                       Qt::MouseButtons buttons, Qt::KeyboardModifiers modifiers = {}) {
    QMouseEvent event(type, at, widget.mapToGlobal(at.toPoint()), button, buttons, modifiers);
    QApplication::sendEvent(&widget, &event);
}

inline void drag_mouse(QWidget& widget, const QPointF& from, const QPointF& to, Qt::MouseButton button = Qt::LeftButton,
                       Qt::KeyboardModifiers modifiers = {}) {
    send_mouse(widget, QEvent::MouseButtonPress, from, button, button, modifiers);
    send_mouse(widget, QEvent::MouseMove, (from + to) / 2, Qt::NoButton, button, modifiers);
    send_mouse(widget, QEvent::MouseMove, to, Qt::NoButton, button, modifiers);
    send_mouse(widget, QEvent::MouseButtonRelease, to, button, Qt::NoButton, modifiers);
}

// Away from the user is positive: it zooms in.
inline void turn_wheel(QWidget& widget, const QPointF& at, int notches, Qt::KeyboardModifiers modifiers = {}) {
    QWheelEvent event(at, widget.mapToGlobal(at.toPoint()), {}, {0, notches * 120}, Qt::NoButton, modifiers,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(&widget, &event);
}

}  // namespace longscope
