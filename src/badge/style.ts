/**
 * The style of the badge, inside its own shadow. Each pair of text and ground has at least 4.5 to
 * 1, in light and in dark.
 */
export const style = `
:host {
  --ground: #fff; --ink: #1e1d1b; --soft: #5d5a54; --line: #8a857b; --accent: #1f4f8f;
  --yes: #17633d; --no: #a3231c; --sunk: #f3f1ed;
  display: inline-block; max-width: 100%; color-scheme: light dark;
  font: 0.9rem/1.45 system-ui, sans-serif; color: var(--ink);
}
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) {
  :host {
    --ground: #1c1c1f; --ink: #eceae6; --soft: #aaa7a0; --line: #84848c; --accent: #9cc1f5;
    --yes: #7fd3a4; --no: #ff9d94; --sunk: #26262a;
  }
}
details { max-width: 40rem; background: var(--ground); border: 1px solid var(--line); border-radius: 0.6rem; }
summary { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.35rem 0.75rem; cursor: pointer; font-weight: 600; }
summary::-webkit-details-marker { display: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 0.4rem; }
.verified summary, .pass { color: var(--yes); }
.refused summary, .fail { color: var(--no); }
.panel { padding: 0 0.75rem 0.75rem; overflow-wrap: anywhere; }
p, ul, pre { margin: 0.5rem 0 0; padding: 0; }
.head { font-weight: 600; }
ul { list-style: none; max-height: 16rem; overflow: auto; }
li { display: flex; gap: 0.5rem; padding: 0.1rem 0; }
.soft { color: var(--soft); }
code, pre { font: 0.8rem/1.45 ui-monospace, monospace; }
pre { padding: 0.5rem; background: var(--sunk); border-radius: 0.4rem; white-space: pre-wrap; }
@media (max-width: 44rem), (pointer: coarse) { summary, button { min-height: 2.75rem; } summary { align-items: center; } }
button {
  margin-top: 0.6rem; padding: 0.35rem 0.7rem; font: inherit; color: inherit; cursor: pointer;
  background: var(--ground); border: 1px solid var(--line); border-radius: 0.4rem;
}
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`
