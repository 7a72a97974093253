import { describe, expect, it } from 'vitest'
import type { ImageConfig } from '#harness/oci/image/schemas.ts'
import { baseLayerCount, configFindings, type ConfigQuestion } from './base.ts'

const base = { config: { Env: ['A=1'], WorkingDir: '/', Labels: { a: 'x', s: 'upstream' }, Odd: 'kept or dropped' } }
const document = (config: object, more: object = {}): ImageConfig => ({
  architecture: 'arm64',
  os: 'linux',
  config: config as ImageConfig['config'],
  rootfs: { type: '', diff_ids: [] },
  ...more,
})
const question = (asked: ImageConfig): ConfigQuestion => ({
  document: asked,
  base,
  labels: { s: 'own', r: /^[0-9a-f]{4}$/ },
  rootfsTypes: ['layers', ''],
})
const Labels = base.config.Labels
const same = { Env: ['A=1'], WorkingDir: '/', Labels }

describe('configFindings', () => {
  it.for<readonly [string, ImageConfig]>([
    ['the same', document(base.config)],
    ['the same without what Go does not know', document(same)],
    ['the labels of one’s own', document({ ...same, Labels: { a: 'x', s: 'own', r: '00ff' } })],
    ['what Go leaves out', document({ ...same, User: '', Cmd: [], Volumes: null, Tty: false })],
    ['times and history', document(same, { created: 'x', history: [{}], variant: 'v8' })],
  ])('takes %s', ([, asked]) => {
    expect(configFindings(question(asked))).toEqual([])
  })

  it.for<readonly [string, ImageConfig, string]>([
    ['another value', document({ ...same, WorkingDir: '/tmp' }), 'config.WorkingDir: expected "/", got "/tmp"'],
    ['a member more', document({ ...same, User: '1' }), 'config.User: expected nothing, got "1"'],
    ['a member less', document({ ...same, Env: null }), 'config.Env: expected ["A=1"], got nothing'],
    [
      'another value of what Go does not know',
      document({ ...same, Odd: 'x' }),
      'config.Odd: expected "kept or dropped", got "x"',
    ],
    ['no configuration', document(null as never), 'config.WorkingDir: expected "/", got nothing'],
    [
      'an undeclared label',
      document({ ...same, Labels: { ...Labels, z: '1' } }),
      'config.Labels["z"]: expected nothing, got "1"',
    ],
    ['a label less', document({ ...same, Labels: { s: 'own' } }), 'config.Labels["a"]: expected "x", got nothing'],
    [
      'a label that must match',
      document({ ...same, Labels: { ...Labels, r: '0' } }),
      'config.Labels["r"]: expected /^[0-9a-f]{4}$/, got "0"',
    ],
    ['another type', document(same, { rootfs: { type: 'x' } }), 'rootfs.type: expected "layers" or nothing, got "x"'],
    ['a document with a member more', document(same, { container: 'x' }), 'container: expected nothing, got "x"'],
  ])('reports %s', ([, asked, finding]) => {
    expect(configFindings(question(asked))).toContain(finding)
  })
})

it('takes the first layer of a finished installer, and all of any other base', () => {
  expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(baseLayerCount)).toEqual([1, 1, 3])
})
