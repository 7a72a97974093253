import { describe, expect, it } from 'vitest'
import { must, should } from './requirement.ts'

const options = { targets: ['installer'], fix: 'fix it' } as const

describe('must and should', () => {
  it('title a test with id and sentence, and carry the requirement', () => {
    const [title, { meta }] = must('UKI-001', 'the UKI is one', { ...options, needs: ['INS-001'], pinned: true })
    expect(title).toBe('UKI-001 the UKI is one')
    expect(meta.requirement).toEqual({
      id: 'UKI-001',
      level: 'must',
      sentence: 'the UKI is one',
      targets: ['installer'],
      needs: ['INS-001'],
      pinned: true,
      scope: 'part',
      fix: 'fix it',
    })
  })

  it('may speak about some variants only', () => {
    const [, { meta }] = must('CFG-007', 'it is one', { ...options, only: { role: 'gateway' } })
    expect(meta.requirement.only).toEqual({ role: 'gateway' })
  })

  it('need nothing and compare with nothing unless they say so', () => {
    const [, { meta }] = should('ROOT-012', 'the root is one', options)
    expect(meta.requirement).toMatchObject({ level: 'should', needs: [], pinned: false })
  })

  it.each(['UKI-1', 'UKI-0001', 'uki-001', 'UK-001', 'KERNEL-001', 'UKI001', 'UKI-001 '])('refuse the id %j', (id) => {
    expect(() => must(id, 'it is one', options)).toThrow(/expected AREA-NNN/)
  })
})
