import { describe, expect, it } from 'vitest'
import { readFileShape } from './file-shape.ts'

const shapeOf = (text: string) => readFileShape(Buffer.from(text), 'a.yaml')

describe('readFileShape', () => {
  it.each([
    ['machine: {type: worker, token: a}', 'whole'],
    ['machine: {type: worker, ca: {crt: a}}', 'whole'],
    ['a: 1\n---\nmachine: {type: worker, token: a}', 'whole'],
    ['machine: {type: worker}', 'node'],
    ['# talm: nodes=["192.0.2.1"]\nmachine: {type: controlplane}', 'node'],
    ['machine: {token: a}', 'patch'],
    ['cluster: {}', 'patch'],
    ['apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: a', 'patch'],
    ['apiVersion: v1\nkind: Pod', 'other'],
    ['machine: a', 'other'],
    ['- {op: remove, path: /machine}', 'other'],
    ['', 'other'],
  ])('%j is a %s', (text, kind) => {
    expect(shapeOf(text).kind).toBe(kind)
  })

  it("reads talm's first line", () => {
    expect(shapeOf('# talm: nodes=["192.0.2.1", "192.0.2.2"], endpoints=["192.0.2.9"]\nmachine: {}').talmNodes).toEqual(
      ['192.0.2.1', '192.0.2.2'],
    )
    expect(shapeOf('# talm: endpoints=["192.0.2.9"]\nmachine: {}').talmNodes).toEqual([])
    expect(shapeOf('# of talm\nmachine: {}').talmNodes).toBeUndefined()
  })

  it('recognises control planes and documents', () => {
    expect(shapeOf('machine: {type: init}')).toMatchObject({ isControlPlane: true, kinds: [] })
    expect(shapeOf('machine: {type: worker}\n---\nkind: A')).toMatchObject({
      isControlPlane: false,
      kinds: ['A'],
    })
  })

  it('refuses what is no YAML', () => {
    expect(() => shapeOf('a: [')).toThrow(/yaml/)
  })
})
