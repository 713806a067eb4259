//! desk-app
