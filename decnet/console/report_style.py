"""The style of the report's page, light and dark."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;
--paper:#f6f5f1;--card:#fff;--ink:#1d1f24;--soft:#5b616b;--faint:#8b909a;--rule:#e3e1da;--accent:#0c6b66;
--track:#eeece6;--low:#8fa3b8;--medium:#d9a521;--high:#dd6b20;--critical:#c02538;
--low-ink:#3f5468;--medium-ink:#775500;--high-ink:#9c3d06;--critical-ink:#a3132a;--good:#1c7a4b;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{
--paper:#121417;--card:#1a1d22;--ink:#e8e8e4;--soft:#a3a9b3;--faint:#7d838d;--rule:#2b2f36;--accent:#5cc7be;
--track:#262a31;--low:#64788f;--medium:#d4a531;--high:#e8823c;--critical:#ea5164;
--low-ink:#a9bbcf;--medium-ink:#e9c25c;--high-ink:#f3a36a;--critical-ink:#ff8d9a;--good:#63c794}}
*{box-sizing:border-box}
p,h2,summary,footer{overflow-wrap:anywhere}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums lining-nums}
main{max-width:1120px;margin:0 auto;padding:40px 28px 64px}
header{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:4px 24px;
margin-bottom:6px}
h1{font-size:27px;line-height:1.2;letter-spacing:-.02em;margin:0;font-weight:650}
h1 b{color:var(--accent);font-weight:650}
h2{font-size:17px;letter-spacing:-.01em;margin:0;font-weight:620}
h3{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:22px 0 4px;
font-weight:600}
p{margin:0}
.meta,.note{color:var(--soft);font-size:13.5px}
.note{margin:8px 0}
.lead{font-size:16.5px;max-width:72ch;margin:10px 0 26px;color:var(--soft)}
.lead strong{color:var(--ink);font-weight:620}
.tiles{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;background:var(--rule);
border:1px solid var(--rule);
border-radius:12px;overflow:hidden}
.tile{background:var(--card);padding:16px 18px 14px;min-width:0}
.tile b{display:block;font-size:27px;line-height:1.15;letter-spacing:-.02em;font-weight:620;
overflow-wrap:anywhere}
.tile span{color:var(--soft);font-size:13px}
.alarm b{color:var(--critical-ink)}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:20px 22px 22px;
margin-top:20px}
.top{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:2px 20px;
margin-bottom:14px}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:8px 40px}
.columns>*{min-width:0}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-size:12px;font-weight:600;color:var(--soft);text-align:left;padding:0 14px 6px 0;
border-bottom:1px solid var(--rule);
white-space:nowrap}
td{padding:7px 14px 7px 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
td.m,span.m{font-family:var(--mono);font-size:13px}
.t{white-space:nowrap;color:var(--soft)}
.chip{display:inline-block;font-size:12px;font-weight:600;line-height:1;padding:4px 8px;border-radius:99px;
border:1px solid currentColor;white-space:nowrap}
.low{color:var(--low-ink)}.medium{color:var(--medium-ink)}.high{color:var(--high-ink)}
.critical{color:var(--critical-ink)}
.good{color:var(--good)}.bad{color:var(--critical-ink)}
.chart{display:grid;grid-template-columns:auto 1fr;gap:0 10px}
.scale{display:flex;flex-direction:column;justify-content:space-between;height:190px;color:var(--faint);
font-size:12px;
line-height:1;text-align:right}
svg{display:block;width:100%;overflow:visible}
.bars{height:190px}
.bars line{stroke:var(--rule);stroke-width:1;vector-effect:non-scaling-stroke}
.bars rect,.key i,.meter rect{fill:var(--accent)}
rect.low{fill:var(--low)}rect.medium{fill:var(--medium)}rect.high{fill:var(--high)}
rect.critical{fill:var(--critical)}
rect.hit{fill:transparent}
g:hover>rect.hit{fill:var(--ink);fill-opacity:.06}
.ticks{grid-column:2;display:flex;justify-content:space-between;color:var(--faint);font-size:12px;
margin-top:8px}
.key{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;color:var(--soft)}
.key svg{display:inline-block;width:10px;height:10px;margin-right:6px;vertical-align:-.5px}
.meter{height:6px;border-radius:3px;overflow:hidden;width:100%;margin-top:8px;min-width:50px}
.rank td:first-child{width:38%}.rank td.n{width:1%}
.meter .track{fill:var(--track)}
details{border-top:1px solid var(--rule)}
details:last-of-type{border-bottom:1px solid var(--rule)}
summary{cursor:pointer;padding:12px 0;display:flex;flex-wrap:wrap;align-items:center;gap:4px 14px;
list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";width:7px;height:7px;border-right:2px solid var(--faint);
border-bottom:2px solid var(--faint);
transform:rotate(-45deg);flex:none;margin:0 2px}
details[open]>summary::before{transform:rotate(45deg)}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
summary>*{min-width:0;max-width:100%;overflow-wrap:anywhere}
summary .meta{margin-left:auto}
ol{list-style:none;margin:0 0 18px 4px;padding:0 0 0 18px;border-left:1px solid var(--rule)}
li{position:relative;display:grid;grid-template-columns:118px 168px minmax(0,1fr);gap:0 14px;padding:5px 0;
font-size:14px}
li::before{content:"";position:absolute;left:-22.5px;top:12px;width:8px;height:8px;border-radius:50%;
box-shadow:0 0 0 3px var(--card)}
li>*{color:var(--ink);min-width:0;overflow-wrap:anywhere}
li .t{color:var(--soft)}
li.low::before{background:var(--low)}li.medium::before{background:var(--medium)}
li.high::before{background:var(--high)}
li.critical::before{background:var(--critical)}
.empty{text-align:center;padding:34px 12px 26px;color:var(--soft)}
.empty b{display:block;color:var(--ink);font-size:17px;font-weight:620;margin-bottom:4px}
code{font-family:var(--mono);font-size:.93em;overflow-wrap:anywhere}
footer{margin-top:24px;color:var(--faint);font-size:13px}
@media(max-width:900px){.tiles{grid-template-columns:repeat(3,1fr)}.columns{grid-template-columns:1fr}}
@media(max-width:640px){
main{padding:24px 14px 40px}section{padding:16px 14px}.tile{padding:12px 12px 10px}.tile b{font-size:22px}
h1{font-size:23px}.lead{font-size:15.5px}
table,tbody,tr,td{display:block}thead{display:none}
tr{padding:9px 0;border-bottom:1px solid var(--rule)}tr:last-child{border-bottom:0}
td{border:0;padding:2px 0;display:grid;grid-template-columns:104px minmax(0,1fr);gap:10px}
td,td.n,td.t{text-align:left;white-space:normal}td>*{justify-self:start}
td::before{content:attr(data-label);color:var(--soft);font:600 12px/1.75 system-ui,"DejaVu Sans",sans-serif}
td:empty{display:none}
.rank table{display:table}.rank tbody{display:table-row-group}.rank tr{display:table-row}
.rank td{display:table-cell;padding:6px 12px 6px 0;border-bottom:1px solid var(--rule)}
.rank td.n{text-align:right;white-space:nowrap}
.rank td:last-child{padding-right:0}.rank td::before{content:none}
.ticks span:nth-child(even){display:none}
summary .meta{margin-left:23px;width:100%}
li{grid-template-columns:1fr;padding:7px 0}}
@media print{:root{color-scheme:light}body{background:#fff}section{break-inside:avoid}
main{padding:0;max-width:none}}
"""
