//! The questions IKE asks the PKI process, as IOS tells them (S-051).

use super::context::Context;
use super::shell::Shell;
use crate::trace::{IsakmpTrace, PkiCall};

pub(super) fn ask(shell: &Shell, ctx: &mut Context<'_>, call: PkiCall, asked: bool) {
    let (role, state, peer) = (shell.role, shell.state, shell.remote.ip());
    shell.trace(
        ctx,
        IsakmpTrace::Pki {
            call,
            asked,
            role,
            state,
            peer,
        },
    );
}

pub(super) fn tell(shell: &Shell, ctx: &mut Context<'_>, call: PkiCall) {
    ask(shell, ctx, call, true);
    ask(shell, ctx, call, false);
}
