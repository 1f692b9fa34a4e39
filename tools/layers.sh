#!/usr/bin/env bash
# Imports run down only: api -> systems -> output -> track -> source -> sync -> pg. The systems do not import each other,
# nor the files of src/systems/ that know all of them, and of these registry.rs alone knows the systems. Generic code
# knows no system, neither by its core module nor by its name. Prints each line that breaks a rule, with the rule.
#
# layers.sh [DIR]: of the tree in DIR, by default this one.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"
mapfile -t files < <(find src -name '*.rs' -not -path 'src/core/tests/*' -not -path 'src/core/benches/*' | sort)
awk -v names="$(printf '%s\n' "${files[@]}" | sed -n 's|^src/systems/\([^/]*\)/.*|\1|p' | sort -u | tr '\n' ' ')" '
    BEGIN {
        n = split("pg sync source track output systems api", order, " ")
        for (i = 1; i <= n; i++) rank[order[i]] = i
        n = split(names, name, " ")
        for (i = 1; i <= n; i++) systems[name[i]]
    }
    function broken(rule) { print FILENAME ":" FNR ": " rule ": " line; bad++ }
    # The system of a path below src/systems/ or src/core/src/, or nothing.
    function system_of(name) { return name in systems ? name : "" }
    FNR == 1 {
        depth = split(FILENAME, part, "/")
        core = part[2] == "core"
        layer = core ? "core" : part[2]
        sub(/\.rs$/, "", layer)
        own = system_of(core ? part[4] : depth > 3 && layer == "systems" ? part[3] : "")
        tests = 0
    }
    /^#\[cfg\(test\)\]/ { tests = 1 }
    tests { if ($0 == "}") tests = 0; next }
    layer == "lib" { next }
    {
        line = $0
        sub(/^[ \t]+/, "", line)
        if (line ~ /^\/\//) next
        if (line ~ /(allow|expect|warn)\(unsafe_code/ && FILENAME != "src/pg/mod.rs") broken("unsafe code is in src/pg/ alone")
        generic = !core && own == "" && layer != "api"
        if (generic && line ~ /((system|table|own|registered)[.]name *[!=]=|matches!\([a-z_.]*[.]name, *"|"[a-z_]*" (==|!=) [a-z_.]*name\>)/)
            broken("generic code does not ask for a name")
        if (!core && line ~ /(^|[^a-z_:])super::/) broken("an import is written from crate:: on")
        if (!core && line ~ /use crate::\{/) broken("an import names the layer in its path")
        rest = line
        while (match(rest, /regime_core::[a-z_]+/)) {
            to = system_of(substr(rest, RSTART + 13, RLENGTH - 13))
            rest = substr(rest, RSTART + RLENGTH)
            if (to == "" || to == own) continue
            if (own != "") broken("systems do not import each other")
            else if (layer ~ /^(pg|sync|track|output)$/ || layer == "systems") broken(layer " knows no system")
        }
        rest = line
        while (match(rest, /crate::[a-z_]+(::[a-z_]+)?/)) {
            if (RSTART > 1 && substr(rest, RSTART - 1, 1) ~ /[a-z_$]/) { rest = substr(rest, RSTART + 7); continue }
            split(substr(rest, RSTART, RLENGTH), path, "::")
            rest = substr(rest, RSTART + RLENGTH)
            to = path[2]; of = path[3]
            if (core) {
                if (own != "" && system_of(to) != "" && to != own) broken("systems do not import each other")
                continue
            }
            if (!(to in rank) || !(layer in rank)) { broken("there is no layer " (to in rank ? layer : to)); continue }
            if (rank[to] > rank[layer]) broken(layer " may not import " to)
            if (layer == "systems" && own == "" && system_of(of) != "" && part[3] != "registry.rs" && part[3] != "mod.rs")
                broken("only registry.rs imports the systems")
            if (own != "" && to == "systems" && of != own && of != "registered")
                broken(system_of(of) != "" ? "systems do not import each other" : "a system may not import systems/" of)
        }
    }
    END { if (bad) { print "layers: " bad " imports run up or sideways"; exit 1 } }
' "${files[@]}"
