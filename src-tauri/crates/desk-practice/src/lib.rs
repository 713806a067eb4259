//! desk-practice
