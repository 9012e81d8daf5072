# The peers and judges of the tests; sourced by test.sh and interop.sh, which define `have`, `say` and `skip`.

# Debian's strongSwan and the programs of other makers that speak SCEP, where they may be installed.
install_charon() {
    [ -x /usr/sbin/charon-systemd ] && [ -x /usr/sbin/swanctl ] && have tshark && have pki && have openssl &&
        have scepserver && return 0
    # libstrongswan-extra-plugins has curl, by which charon and pki fetch over HTTP.
    local wanted=(charon-systemd strongswan-swanctl strongswan-pki libcharon-extra-plugins
        libcharon-extauth-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins tshark openssl scep)
    if [ "$(id -u)" != 0 ] || ! have apt-get; then
        skip "strongSwan, scep and tshark for interop tests: apt-get install ${wanted[*]}"
        return 0
    fi
    say "installing strongSwan and scep"
    {
        apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"
    } >/dev/null 2>&1 || skip "strongSwan and scep: apt-get failed"
    # Nothing of it is to run by itself: the tests start it in their own namespaces.
    if [ -d /run/systemd/system ]; then
        systemctl disable --now strongswan.service >/dev/null 2>&1 || true
    fi
}

# strongSwan 6 of a later Debian release, unpacked into target/peers/strongswan-6 and not installed. Rows with
# it are a bonus: without a network, or on another distribution, they are skipped by name.
fetch_strongswan_6() {
    local release=forky target=$PWD/target/peers/strongswan-6 packages site work
    [ -x "$target/usr/sbin/swanctl" ] && [ -x "$target/usr/bin/pki" ] && ls "$target"/usr/lib/*/libnghttp3.so.* >/dev/null 2>&1 &&
        return 0
    have apt-get && have dpkg-deb && [ -d /usr/lib/ipsec ] && [ "$(dpkg --print-architecture)" = amd64 ] || return 0
    site=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null | head -1)
    [ -n "$site" ] || return 0
    packages=(charon-systemd strongswan-swanctl strongswan-pki strongswan-libcharon libstrongswan libcharon-extra-plugins
        libcharon-extauth-plugins libstrongswan-extra-plugins libstrongswan-standard-plugins libc6 libssl3t64
        libgmp10 libgcrypt20 libgpg-error0 libcap2 libsystemd0 libzstd1 zlib1g libgcc-s1)
    say "fetching strongSwan 6"
    work=$(mktemp -d)
    mkdir -p "$work"/{state/lists/partial,cache/archives/partial,root}
    : >"$work/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $release main" >"$work/sources.list"
    cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
CONF
    # curl, by which it fetches over HTTP, comes with whatever it needs in that release.
    if (cd "$work" && export APT_CONFIG="$work/apt.conf" && apt-get update -qq && apt-get download -qq "${packages[@]}" &&
        apt-get install -qq --download-only --no-install-recommends libcurl4t64 &&
        for package in *.deb cache/archives/*.deb; do dpkg-deb -x "$package" root || exit 1; done) >/dev/null 2>&1; then
        mkdir -p "$(dirname "$target")"
        rm -rf "$target"
        mv "$work/root" "$target"
    else
        say "skipped: strongSwan 6 cannot be fetched; its rows are not run"
    fi
    rm -rf "$work"
}

# The templates that network automation reads IOS with, in a Python environment of their own under
# target/peers/ntc: ours must be text that they read.
fetch_ntc_templates() {
    local target=$PWD/target/peers/ntc
    [ -d "$target"/lib/python3*/site-packages/ntc_templates ] 2>/dev/null && return 0
    # Debian has the making of environments in a package of its own.
    if ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && have apt-get; then
            { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; } >/dev/null 2>&1 || true
        fi
        python3 -c 'import ensurepip' >/dev/null 2>&1 ||
            { skip "python3-venv: show pages are not held against ntc-templates"; return 0; }
    fi
    say "fetching ntc-templates"
    mkdir -p "$(dirname "$target")"
    { python3 -m venv "$target" && "$target/bin/pip" install --quiet 'ntc-templates==9.3.0' 'textfsm==2.1.0'; } >/dev/null 2>&1 ||
        { rm -rf "$target"; skip "ntc-templates: pip or its venv failed"; }
}
