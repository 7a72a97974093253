import { describe, expect, it } from 'vitest'
import { hostOf, isLocalAddress, isLoopback, redactUrl } from './url.ts'

describe('redactUrl', () => {
  it.each([
    ['https://u:p@x.example/a?b=secret&c=d&b=e#f', 'https://x.example/a?b=…&c=…'],
    ['https://x.example:8443/a', 'https://x.example:8443/a'],
    ['https://x.example/a?X-Amz-Signature=abc', 'https://x.example/a?X-Amz-Signature=…'],
  ])('hides what is secret in %s', (url, expected) => {
    expect(redactUrl(new URL(url))).toBe(expected)
  })
})

it('knows where Docker Hub lives', () => {
  expect([hostOf('docker.io'), hostOf('ghcr.io')]).toEqual(['registry-1.docker.io', 'ghcr.io'])
})

describe('isLoopback', () => {
  it.each(['localhost', 'localhost:5000', 'a.localhost', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000', 'LOCALHOST'])(
    'takes %s',
    (host) => expect(isLoopback(host)).toBe(true),
  )
  it.each([
    'localhost.example.com',
    '127.example.com',
    '128.0.0.1',
    'notlocalhost',
    '[::2]',
    '127.0.0.1.example.com',
    '',
  ])('refuses %s', (host) => expect(isLoopback(host)).toBe(false))
})

describe('isLocalAddress', () => {
  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    '[::1]',
    'fe80::1',
    'febf::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    'fe80::1%eth0',
  ])('takes %s', (address) => expect(isLocalAddress(address)).toBe(true))
  it.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fec0::1', '::ffff:8.8.8.8', 'example.com'])(
    'refuses %s',
    (address) => expect(isLocalAddress(address)).toBe(false),
  )
})
