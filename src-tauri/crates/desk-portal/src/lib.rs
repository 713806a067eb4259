//! desk-portal
