"""The results as Markdown, and each section as text while they come in."""

import goals

SERVICES = {"kvindex": "kvindex", "nvidia": "NVIDIA's indexer"}
UNITS = {"_us": " (us)", "_ms": " (ms)", "_mib": " (MiB)", "_ns": " (ns)"}


def number(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 10000 or value == int(value) else f"{value:,g}"
    return f"{value:,}" if isinstance(value, int) else str(value) or "none"


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def label(key):
    for ending, unit in UNITS.items():
        if key.endswith(ending):
            return key[: -len(ending)].replace("_", " ") + unit
    return key.replace("_", " ")


def flat(cells):
    """(cell, key, value) of every figure."""
    for cell, figures in cells.items():
        for key, value in figures.items():
            if isinstance(value, dict):
                for inner, one in value.items():
                    yield cell, f"{key}: {inner}", one
            else:
                yield cell, key, value


def spread(runs, cell, key):
    """' (lowest to highest)' of several rounds."""
    values = [value for run in runs for c, k, value in flat(run) if (c, k) == (cell, key) and is_number(value)]
    if len(values) < 2 or min(values) == max(values):
        return ""
    return f" ({number(min(values))} to {number(max(values))})"


def row_of(services, cell, key, value):
    texts = []
    for service in services.values():
        found = {(c, k): v for c, k, v in flat(service["median"])}.get((cell, key))
        texts.append("-" if found is None else number(found) + spread(service["runs"], cell, key))
    if len(services) > 1:
        peer = {(c, k): v for c, k, v in flat(services["nvidia"]["median"])}.get((cell, key))
        comparable = is_number(value) and is_number(peer) and peer and key not in ("requests", "blocks", "prompts", "with_hits", "beacons")
        texts.append(f"{value / peer:.2f}x" if comparable else "")
    return texts


def section_text(name, section):
    """One section as a Markdown table."""
    if "failed" in section:
        return f"## {name}\n\n{section['about']}\n\n**Failed:** {section['failed']}\n"
    services = section["services"]
    head = ["what", "figure", *(SERVICES[kind] for kind in services), *(["kvindex / NVIDIA"] if len(services) > 1 else [])]
    lines = [f"## {name}", "", section["about"], ""]
    lines += ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    last = None
    for cell, key, value in flat(services["kvindex"]["median"]):
        texts = row_of(services, cell, key, value)
        lines.append("| " + " | ".join(["" if cell == last else cell, label(key), *texts]) + " |")
        last = cell
    rounds = f"Medians of {section['rounds']} rounds (lowest to highest)" if section["rounds"] > 1 else "One round"
    lines += ["", f"{rounds}; {section['seconds']:g} s in all, {section['stolen_cpu_seconds']:g} CPU-seconds of them stolen by the host.", ""]
    return "\n".join(lines)


def scale_text(section):
    """A table of its own, one row a cell, and the plot."""
    cells = section["services"]["kvindex"]["median"]
    lengths = list(dict.fromkeys(key.rsplit(":", 1)[0] for cell in cells.values() for key in cell if ": p50_us" in key))
    lines = ["## scale", "", section["about"] + " Lookup p50 / p99 in us.", ""]
    lines += ["| | bytes per holder-block | store ns a block | " + " | ".join(lengths) + " |", "|---|" + "---:|" * (len(lengths) + 2)]
    for name, cell in cells.items():
        if "left_out" in cell:
            lines.append(f"| {name} | left out: {cell['left_out']} |" + " |" * (len(lengths) + 1))
            continue
        times = [f"{cell[f'{length}: p50_us']:g} / {cell[f'{length}: p99_us']:g}" for length in lengths]
        lines.append(f"| {name} | {cell['bytes_per_holder_block']:g} | {cell['store_ns_per_block']:g} | " + " | ".join(times) + " |")
    return "\n".join([*lines, "", *plot(cells, lengths), ""])


def plot(cells, lengths):
    """Lookup p50 over the size of the index, a line for each prompt length: flat is what it should be."""
    measured = {name: cell for name, cell in cells.items() if "left_out" not in cell}
    workers = [name for name in measured if name.startswith("64 workers")] or list(measured)
    if not workers:
        return []
    axis = ", ".join('"' + name.split(", ")[1].replace(" holder-blocks", "") + '"' for name in workers)
    lines = [f"Lookup p50 in us over holder-blocks, {workers[0].split(',')[0]}; from the lowest line up: {'; '.join(lengths)}.", ""]
    lines += ["```mermaid", "xychart-beta", f"    x-axis [{axis}]", '    y-axis "lookup p50, us"']
    lines += ["    line [" + ", ".join(str(measured[name][f"{length}: p50_us"]) for name in workers) + "]" for length in lengths]
    return [*lines, "```"]


def goals_text(results):
    lines = ["## Goals", "", "| goal | wanted | measured | met |", "|---|---|---:|---|"]
    for goal in goals.GOALS:
        found = goals.judge(goal, results)
        if found:
            measured, wanted, met = found
            lines.append(f"| {goal.what} | {wanted} | {number(measured)} | {'yes' if met else '**no**'} |")
    return "\n".join([*lines, ""]) if len(lines) > 4 else ""


def whole(results):
    machine = results["machine"]
    lines = [
        "# Benchmark results",
        "",
        "Made by the command below; how each figure is measured, and what it cannot tell, is in [README.md](README.md).",
        "",
        f"    {results['command']}",
        "",
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']} GiB, Linux {machine['kernel']}; kvindex {machine['commit']}; "
        f"load average before: {machine['load_before']:.2f}.",
        "",
    ]
    if results["peer"]:
        lines += [f"Peer: {results['peer']}.", ""]
    lines.append(goals_text(results))
    for name, section in results["sections"].items():
        lines.append(scale_text(section) if name == "scale" and "failed" not in section else section_text(name, section))
    return "\n".join(lines).rstrip("\n") + "\n"
