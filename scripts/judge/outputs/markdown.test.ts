import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import { pairConformance } from '../../testing/sample-outputs.ts'
import type { RuleVerdict } from '../verdict/conformance.ts'
import { renderMarkdown } from './markdown.ts'

function renderRules(...rules: readonly RuleVerdict[]): string {
  return renderMarkdown({ ...sampleConformance, runErrors: [], candidates: [{ ...sampleCandidate, rules }] })
}

describe('renderMarkdown', () => {
  const text = renderMarkdown(pairConformance)

  it.each([
    [0, '# Conforms\n'],
    [1, '# Does not conform\n'],
    [2, '# Not fully judged\n'],
  ])('begins with the verdict of exit status %i', (exitCode, head) => {
    expect(renderMarkdown({ ...sampleConformance, exitCode })).toMatch(new RegExp(`^${head}`))
  })

  it('has a table of areas for each candidate', () => {
    expect(text).toContain('## spin-tailscale: conforms\n')
    expect(text).toContain('| area | pass | fail | inconclusive | blocked | missing | waived | not-applicable |')
    expect(text).toContain('| UKI | · | 1 | · | · | · | · | · |')
  })

  it('reports where, expected, got and fix of a failure', () => {
    const rule = sampleRule('UKI-001', 'fail', { findings: [sampleFinding], sentence: '`.osrel` says so' })
    expect(renderRules(rule)).toContain(`**UKI-001 fail**: \`.osrel\` says so

- where: \`initramfs offset 0x40\`
- expected: \`v1.11.5\`
- got: \`v1.13.9\`

- fix: repair UKI-001`)
  })

  it('folds what could not be judged', () => {
    expect(text).toContain(
      '<details><summary>could not be judged: 1 inconclusive, 1 blocked, 1 missing</summary>\n\n**',
    )
  })

  it('lists the extensions', () => {
    expect(text).toContain('| <code>zfs</code> | <code>2.3.3-v1.11.5</code> | 6.00 MiB | <code>zfs-service</code> |')
  })

  it('says that nothing was compared with a release', () => {
    expect(renderMarkdown({ ...sampleConformance, pinned: false })).toContain('**Not pinned**')
  })

  it('fences a text of several lines longer than any fence in it', () => {
    const finding = { ...sampleFinding, got: 'a\n```\nb' }
    expect(renderRules(sampleRule('UKI-001', 'fail', { findings: [finding] }))).toContain(
      '- got:\n\n  ````\n  a\n  ```\n  b\n  ````',
    )
  })
})
