<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Wire;

/** The bridge over cURL: certificates checked, no redirects, no proxy of the environment, replies of bounded size. */
final class CurlTransport implements Transport
{
    private const LARGEST_REPLY = 8_388_608;
    private const TLS_ERRORS = [35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91, 98];
    private const CONNECT_ERRORS = [3, 5, 6, 7, 45];
    private const TIMED_OUT = 28;

    public function send(Request $request): Reply
    {
        $curl = curl_init();
        $body = '';
        curl_setopt_array($curl, $this->options($request) + [
            CURLOPT_WRITEFUNCTION => static function (\CurlHandle $curl, string $part) use (&$body): int {
                $body .= $part;
                return strlen($body) > self::LARGEST_REPLY ? 0 : strlen($part);
            },
        ]);
        $complete = curl_exec($curl);
        if ($complete === false) {
            throw $this->failure($curl);
        }
        return new Reply(
            (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE),
            (string) curl_getinfo($curl, CURLINFO_CONTENT_TYPE),
            $body
        );
    }

    /** @return array<int, mixed> */
    private function options(Request $request): array
    {
        $headers = ['Expect:'];
        foreach ($request->headers as $name => $value) {
            $headers[] = $name . ': ' . $value;
        }
        return [
            CURLOPT_URL => $request->url,
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $request->body,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_CONNECTTIMEOUT_MS => (int) ($request->connectWithin * 1000),
            CURLOPT_TIMEOUT_MS => (int) ($request->answerWithin * 1000),
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_PROXY => '',
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
        ];
    }

    private function failure(\CurlHandle $curl): TransportError
    {
        $number = curl_errno($curl);
        $why = curl_error($curl) ?: curl_strerror($number) ?? 'no reason given';
        // The pretransfer time is set once the connection, TLS included, stood and the request could go out.
        $connected = (float) curl_getinfo($curl, CURLINFO_PRETRANSFER_TIME) > 0.0;
        return match (true) {
            $connected => TransportError::unanswered($why),
            in_array($number, self::TLS_ERRORS, true) => TransportError::untrusted($why),
            in_array($number, self::CONNECT_ERRORS, true), $number === self::TIMED_OUT
                => TransportError::unreachable($why),
            default => TransportError::unanswered($why),
        };
    }
}
