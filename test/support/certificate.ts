/** A certificate for 127.0.0.1 and localhost that nobody trusts, valid for a hundred years; its key guards nothing. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUWJDm/vamaaM/7Gfyr3u6Bhrru5QwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA1MzY1NFoYDzIxMjYxMDMw
MDUzNjU0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQgmV3bijCUPH/nEauUZeKgKTtP9wiV5v4DzXkirorAK7MxdEXcKTs4
4W0HdZVzm2qqIpPjIoXeggkBLG8Uc+/9o28wbTAdBgNVHQ4EFgQU0fB6bKCJ4S3Y
EcTJjWvz2UzTysgwHwYDVR0jBBgwFoAU0fB6bKCJ4S3YEcTJjWvz2UzTysgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAPDA3XavhXfLnZijgybaKznQPx+jQy/R9CoWo/u/ZoQEAiEA
pTwYbdVpswrSj4XhFuuoWSwQefm+RL5ZSVshij+WNkY=
-----END CERTIFICATE-----
`
export const certificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgikJc/DWAy56yLJQW
UwyQDV6xbn3Y+pMAZsFrOxUUCxahRANCAAQgmV3bijCUPH/nEauUZeKgKTtP9wiV
5v4DzXkirorAK7MxdEXcKTs44W0HdZVzm2qqIpPjIoXeggkBLG8Uc+/9
-----END PRIVATE KEY-----
`
