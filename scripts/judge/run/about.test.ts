import { describe, expect, it } from 'vitest'
import { sampleContents } from '../../testing/sample-outputs.ts'
import { sampleFinding } from '../../testing/sample-conformance.ts'
import { aboutOf } from './about.ts'

const EXTENSIONS = sampleContents.extensions ?? []
const ZFS = 'zfs 2.3.3-v1.11.5: service zfs-service, which waits for path /dev/zfs; 2 kernel modules'
const SPIN = 'spin v0.21.0: runtime handler spin'

function about(finding: { readonly expected?: string; readonly got?: string; readonly message?: string }): unknown {
  const { part } = sampleFinding
  return aboutOf({ findings: [{ part, message: 'expected another', ...finding }] }, EXTENSIONS)
}

describe('aboutOf', () => {
  it.each([
    ['an extension by its name', { expected: '', got: 'spin' }, [SPIN]],
    ['an extension by its service', { message: 'zfs-service waits for what nobody makes' }, [ZFS]],
    ['what is in one of two lists', { expected: '[\n  "drbd",\n]', got: '[\n  "drbd",\n  "spin",\n]' }, [SPIN]],
    ['nothing where a name is a part of another', { expected: 'spinner', got: 'spin-only' }, []],
    ['nothing where the message only repeats expected and got', { message: 'spin', expected: 'a', got: 'b' }, []],
  ])('describes %s', (_, finding, expected) => {
    expect(about(finding)).toEqual(expected)
  })
})
