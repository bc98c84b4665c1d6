/// Requests by keys this relay does not accept; they carry public keys only, and their private keys are gone.
enum ForeignRequest: CaseIterable {
    case rsa, secp256k1
    /// P-256, but with the curve written out instead of named.
    case explicitCurve

    var pem: String {
        switch self {
        case .rsa: Self.rsaPEM
        case .secp256k1: Self.secp256k1PEM
        case .explicitCurve: Self.explicitCurvePEM
        }
    }

    private static let rsaPEM = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIICUzCCATsCAQAwDjEMMAoGA1UEAwwDUlNBMIIBIjANBgkqhkiG9w0BAQEFAAOC
        AQ8AMIIBCgKCAQEAs0SqVLzm8ZQJzsRNl4l4/vfzRWbZLvUejsrKmPicpKdvQngE
        rNM74rPGbLxQkRuAj0E4qyO7g7W9zRxpgNHFDA9dZAnYjWL8kVJNKRsmNtMKiuFq
        /4xZKVw+HD1FQmQWbtw3//n05vmG6mmCJlJRH7vvOa52jgllH2K358fCb2fsiIL0
        DxKFFkLrWDoqnbdG3Dfu9cuiBk7VsHHQP/gEpeGZLZ41btBz1FMz12zqUBIxSjzx
        IXtcuRY+ZH/io3tfRz4oOYEwQX7X1J/Nygony3vXlLwPFqteTf8CKyz4xWJ0hNZZ
        BXfVr+XDN1lCxWktig7IBHnd4DJtcaltULtI7wIDAQABoAAwDQYJKoZIhvcNAQEL
        BQADggEBAE+PDvgdTEmNJI5euKP7/s2jAIOC9/ZA9yjHcaiEU/P+W7M9yB+TTLQ+
        5lf+bp5TwiJWcPAaNjpViXXrdqWGpXnsqoFUxL85X62Ul0sPjytDyeIsrqI7inDd
        YAErMxop3BfgrQyevOjj9Ok+FYQbNgnwSufTz5MxyWs0rQ123YP7Yo4gTxvwGnnE
        XbSkhb4y3a5XKodQnsQ1Hslxs6dTENbEvwNRfngoK2WMiRzBswhmpr+9DTKu0yAa
        Y8AbbnI24+AJIIJopTwbrHTvGM5SWM9nII0Qsp9I2tekVikWCsFhl8Lky11xrWP+
        2Ys+MzaA7hfC3oImGskPHvKaVRafRyc=
        -----END CERTIFICATE REQUEST-----
        """

    private static let secp256k1PEM = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHFMGwCAQAwDTELMAkGA1UEAwwCazEwVjAQBgcqhkjOPQIBBgUrgQQACgNCAATy
        BmzKCuoCL/i2Erb/1CVw1fQw7vPdk9ge/IzNZDiZo2zwHEQf0BDMgShGWr5LGQv9
        mU/o83EkcAfYE89s8T5qoAAwCgYIKoZIzj0EAwIDSQAwRgIhAK1SoeIbzXvXKuKx
        q5NCq0AxXgUry8OGaSJkwwcilb+RAiEA4S0dwYUpgC9lJDVxJD9E2bSGGa8HI/UT
        OXrn3E8ZIws=
        -----END CERTIFICATE REQUEST-----
        """

    private static let explicitCurvePEM = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBvDCCAWMCAQAwDTELMAkGA1UEAwwCZXgwggFLMIIBAwYHKoZIzj0CATCB9wIB
        ATAsBgcqhkjOPQEBAiEA/////wAAAAEAAAAAAAAAAAAAAAD///////////////8w
        WwQg/////wAAAAEAAAAAAAAAAAAAAAD///////////////wEIFrGNdiqOpPns+u9
        VXaYhrxlHQawzFOw9jvOPD4n0mBLAxUAxJ02CIbnBJNqZnjhE50mt4GffpAEQQRr
        F9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYr
        zjNXazFezsu2QGg3v1H1AiEA/////wAAAAD//////////7zm+q2nF56E87nKwvxj
        JVECAQEDQgAEqhHqGPFgoCWIqsqqiaImMkvsJo2tYR3VVfyG7XDFKTNCz4a6MHA7
        yjBvE9+7ZQJOC7f1V8xWfssVTp+83/Zba6AAMAoGCCqGSM49BAMCA0cAMEQCIQDS
        j0Qq0DTl4g4Vs29/2q0QPFDIWKqWARvefGHgMM/KDQIfc9z1mTcMqm0p2ts31KGy
        qp+N71Wb5h3Kk05nh/suMQ==
        -----END CERTIFICATE REQUEST-----
        """
}
