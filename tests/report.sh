#!/usr/bin/env bash
# The page of regime_report_html in a browser, Debian's chromium without a screen: in light and dark, on a desk and on a phone, nothing is
# wider than the window and the browser complains of nothing; on paper it takes two sheets.
# PICTURES=DIR keeps pictures of all that.
. "$(dirname "$0")/lib.sh"
command -v chromium >/dev/null || apt_install chromium

cluster_start
demo_db desk 5 3000
q desk "SELECT FROM refresh_cmc_regimes()"

# browser OPTION…: the browser without anything that would look for a network
browser() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --user-data-dir="$work/browser" "$@"
}
# What the browser makes of the page is asked for by a script that is put into a copy of it.
# A window is never as narrow as a phone: the width, after the # of the address, is that of the page in it.
question='<script>addEventListener("load", () => { const page = document.documentElement, body = document.body;
    page.style.width = location.hash.slice(1) + "px";
    const overflows = body.scrollWidth > body.clientWidth || page.getBoundingClientRect().width > innerWidth;
    const shown = [...document.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width > 0);
    const colours = getComputedStyle(body);
    body.outerHTML = `<pre>width ${page.getBoundingClientRect().width}, overflow ${overflows}, pictures ${shown.length}, paper ${colours.backgroundColor}, `
        + `ink ${colours.color}, title ${document.title}</pre>`; });</script>'
light='paper rgb(255, 255, 255), ink rgb(27, 36, 48)' dark='paper rgb(14, 20, 27), ink rgb(232, 237, 242)'
declare -rA scheme=([dark]=0 [light]=1)

for symbol in MARKET DEMO5; do
    q desk "SELECT regime_report_html('$symbol')" >"$work/page.html"
    regime=$(q desk "SELECT regime_key FROM cmc_regime_latest WHERE symbol = '$symbol'")
    sed "s|</head>|$(tr -d '\n' <<<"$question" | sed 's/[&|\\]/\\&/g')</head>|" "$work/page.html" >"$work/asked.html"
    for theme in light dark; do
        for width in 390 1280; do
            browser --window-size=$width,900 --blink-settings=preferredColorScheme="${scheme[$theme]}" --enable-logging=stderr \
                --dump-dom "file://$work/asked.html#$width" >"$work/dom" 2>"$work/log" || true
            is "$symbol, $theme, $width pixels: fits, and shows one picture of each" \
                "$(sed -n 's/.*<pre>\(.*\)<\/pre>.*/\1/p' "$work/dom")" "width $width, overflow false, pictures 3, ${!theme}, title $symbol: $regime"
            is "$symbol, $theme, $width pixels: no word in the console" "$(grep CONSOLE "$work/log" || true)" ""
            [ -z "${PICTURES:-}" ] || browser --window-size=$width,$((width < 600 ? 6500 : 3300)) --blink-settings=preferredColorScheme="${scheme[$theme]}" \
                --screenshot="$PICTURES/$symbol-$theme-$width.png" "file://$work/page.html" >"$work/log" 2>&1
        done
    done
    browser --blink-settings=preferredColorScheme="${scheme[dark]}" --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$work/page.html" >"$work/log" 2>&1
    is "$symbol: two sheets of paper" "$(grep -ac '/Type */Page$' "$work/page.pdf")" 2
    [ -z "${PICTURES:-}" ] || cp "$work/page.pdf" "$PICTURES/$symbol.pdf"
done
