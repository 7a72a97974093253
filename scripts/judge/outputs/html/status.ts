// The look of statuses and verdicts: a sign and a word each, never a colour alone.
import type { Status } from '../../verdict/conformance.ts'
import { markup, type Markup } from '../markup.ts'

const LOOKS: Readonly<Record<Status, { readonly sign: string; readonly tone: string }>> = {
  pass: { sign: '✓', tone: 'good' },
  fail: { sign: '✗', tone: 'bad' },
  missing: { sign: '!', tone: 'bad' },
  inconclusive: { sign: '?', tone: 'open' },
  blocked: { sign: '⊘', tone: 'open' },
  waived: { sign: '~', tone: 'mild' },
  'not-applicable': { sign: '–', tone: 'none' },
}

export function renderBadge(status: Status): Markup {
  const { sign, tone } = LOOKS[status]
  // A rule that does not apply is not prominent: its word is for screen readers.
  if (status === 'not-applicable')
    return markup`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span><span class="unseen">${status}</span></span>`
  return markup`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${status}</span>`
}

export function toneOf(exitCode: number): string {
  return exitCode === 0 ? 'good' : exitCode === 1 ? 'bad' : 'open'
}
