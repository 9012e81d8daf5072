//! IKEv2 (RFC 7296) as IOS does it.

mod keymat;
mod window;
