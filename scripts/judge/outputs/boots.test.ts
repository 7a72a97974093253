import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance } from '../../testing/sample-conformance.ts'
import type { BootSummary } from '../verdict/conformance.ts'
import { describeBoot } from './boots.ts'
import { renderHtml } from './html/page.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderTerminal } from './terminal.ts'

const boot: BootSummary = {
  console: 'report/boot.console.txt',
  by: 'firmware',
  end: 'settled',
  seconds: 9.4,
  lines: 317,
  talos: 'v1.11.5',
  reached: '/sbin/init',
}
const TEXT = 'booted: its UKI, by EFI firmware; Talos v1.11.5 reached /sbin/init; ended, for all was seen, after 9 s'

describe('a start', () => {
  it('is described', () => {
    expect(describeBoot(boot)).toEqual([TEXT, 'console: report/boot.console.txt (317 lines)'])
    const { talos: _, seconds: __, ...silent } = { ...boot, reached: 'nothing', by: 'saved', end: 'saved' } as const
    expect(describeBoot(silent)[0]).toBe('booted: a saved console; it said nothing that is known')
  })

  it('is in every rendering for a person, which says of none that it is not pinned', () => {
    const { lock: _, ...conformance } = { ...sampleConformance, pinned: false }
    const render = (candidate: typeof sampleCandidate) => {
      const verdict = { ...conformance, candidates: [candidate] }
      const terminal = renderTerminal(verdict, process.stdout, 'report/boot.json')
      return [renderMarkdown(verdict), renderHtml(verdict), renderJunit(verdict), terminal]
    }
    for (const text of render({ ...sampleCandidate, boot })) {
      expect(text.replaceAll('\\', '')).toContain('reached /sbin/init')
      expect(text).not.toMatch(/Not pinned|NOT PINNED/)
    }
    for (const text of render(sampleCandidate)) expect(text).toMatch(/not pinned/i)
  })
})
