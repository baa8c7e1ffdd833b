"""The results as Markdown, and each section as text while they come in."""

import goals
from measure import round_to

SERVICES = {"kvindex": "kvindex", "nvidia": "NVIDIA's indexer", "chain_index": "SMG's ChainIndex"}
# What was done, not how well; and what the JSON has for those who want it.
WORK = {
    "requests", "blocks", "prompts", "with_hits", "beacons", "wrong", "errors", "holder_blocks", "removed_blocks",
    "offered_blocks_per_second", "sent_blocks_per_second", "rss_registered_mib", "load_took_s",
}  # fmt: skip
LEFT_OUT = {"p90_us", "errors"}
UNITS = {"_us": " (us)", "_ms": " (ms)", "_mib": " (MiB)", "_ns": " (ns)", "_s": " (s)"}


def number(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:,g}"
    return f"{value:,}" if isinstance(value, int) else str(value) or "none"


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def label(key):
    for ending, unit in UNITS.items():
        if key.endswith(ending):
            return key[: -len(ending)].replace("_", " ") + unit
    return key.replace("_", " ")


def spread(values):
    """' (lowest to highest)' where rounds differ by more than a tenth of their median's size."""
    if len(values) < 2 or not all(map(is_number, values)) or max(values) - min(values) <= 0.1 * abs(max(values)):
        return ""
    return f" ({number(round_to(min(values)))} to {number(round_to(max(values)))})"


def texts_of(service, cell, keys):
    """A service's figures of one cell, as texts."""
    median = service["median"].get(cell, {})
    return [
        number(median[key]) + spread([run[cell][key] for run in service["runs"] if key in run.get(cell, {})])
        if key in median
        else "-"
        for key in keys
    ]


def ratios_of(services, cell, keys):
    """kvindex over its peer, for figures that are better or worse and not merely what was done."""
    ours, peers = (service["median"].get(cell, {}) for service in services.values())
    return [
        f"{ours[key] / peers[key]:.2f}x"
        if key not in WORK and is_number(ours[key]) and is_number(peers.get(key)) and peers[key]
        else ""
        for key in keys
    ]


def table(services, cells):
    """Cells that have the same figures: a column for each figure, a row for each service, and their ratio."""
    keys = [key for key in services["kvindex"]["median"][cells[0]] if key not in LEFT_OUT]
    lines = ["| | " + " | ".join(map(label, keys)) + " |", "|---|" + "---:|" * len(keys)]
    for cell in cells:
        have = [kind for kind in services if cell in services[kind]["median"]]
        for kind in have:
            name = f"{cell}: {SERVICES[kind]}" if len(have) > 1 else cell
            lines.append("| " + " | ".join([name, *texts_of(services[kind], cell, keys)]) + " |")
        ratios = ratios_of(services, cell, keys) if len(have) > 1 else []
        if any(ratios):
            lines.append("| " + " | ".join([f"**{cell}: ratio**", *ratios]) + " |")
    return [*lines, ""]


def section_text(name, section):
    """One section as Markdown tables."""
    if "failed" in section:
        return f"## {name}\n\n{section['about']}\n\n**Failed:** {section['failed']}\n"
    services = section["services"]
    lines = [f"## {name}", "", section["about"], ""]
    groups = {}
    for cell, figures in services["kvindex"]["median"].items():
        groups.setdefault(tuple(figures), []).append(cell)
    for cells in groups.values():
        lines += table(services, cells)
    rounds = f"Medians of {section['rounds']} rounds" if section["rounds"] > 1 else "One round"
    lines.append(f"{rounds}; {section['seconds']:g} s in all; the host took away {section['stolen_cpu_seconds']:g} CPU-seconds.\n")
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
