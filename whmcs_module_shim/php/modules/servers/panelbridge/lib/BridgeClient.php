<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Module\Server\Panelbridge\Wire\Request;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** Calls the bridge as docs/whmcs-calls.md says, and logs every call. */
final class BridgeClient
{
    /** Seconds the bridge has to answer: for a person or a payment that waits, for a page, for the cron. */
    public const DEADLINE = 10;
    public const PAGE_DEADLINE = 4;
    public const CRON_DEADLINE = 6;

    private const CONNECT_WITHIN = 3.0;
    private const WAIT_LONGER = 2;

    public function __construct(private readonly Server $server, private readonly int $deadline = self::DEADLINE)
    {
    }

    /**
     * @param array<string, mixed> $body
     * @throws CallError on anything but success or pending
     */
    public function call(string $function, array $body): Answer
    {
        $highest = HighestOperation::of($this->server);
        $body += $highest > 0 ? ['highest_operation' => $highest] : [];
        try {
            $answer = Answer::fromReply($this->send($function, $body));
        } catch (CallError $error) {
            Log::call($function, $body, $error->kind . ': ' . $error->why);
            throw $error;
        }
        Log::call($function, $body, $answer);
        HighestOperation::learn($this->server, $answer);
        if ($answer->result === 'error') {
            throw CallError::fromAnswer($answer);
        }
        return $answer;
    }

    /**
     * @param array<string, mixed> $body
     * @throws CallError when no reply came
     */
    private function send(string $function, array $body): Wire\Reply
    {
        $request = new Request(
            $this->server->url($function),
            $this->headers(),
            $this->encoded($body),
            self::CONNECT_WITHIN,
            (float) ($this->deadline + self::WAIT_LONGER)
        );
        try {
            return Wiring::transport()->send($request);
        } catch (TransportError $error) {
            throw $this->explained($error);
        }
    }

    /** @return array<string, string> */
    private function headers(): array
    {
        $headers = [
            'Authorization' => $this->server->authorization(),
            'Panelbridge-Mode' => $this->server->mode,
            'Panelbridge-System-Url' => Identity::systemUrl(),
            'Panelbridge-Installation' => Identity::installation(),
            'Panelbridge-Deadline' => (string) $this->deadline,
            'Panelbridge-Module' => Version::NUMBER,
            'Panelbridge-Whmcs' => Identity::whmcsVersion(),
            'Panelbridge-Time' => (string) Wiring::now(),
            'Content-Type' => 'application/json',
            'Accept' => 'application/json, application/problem+json',
            'User-Agent' => 'panelbridge-whmcs/' . Version::NUMBER,
        ];
        // A line break in a header would start another header.
        $printable = static fn (string $value): string => (string) preg_replace('/[^\x20-\x7e]/', '', $value);
        return array_map($printable, $headers);
    }

    /** @param array<string, mixed> $body */
    private function encoded(array $body): string
    {
        try {
            $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
            return json_encode((object) $body, $flags);
        } catch (\JsonException) {
            throw CallError::here('not_utf8');
        }
    }

    private function explained(TransportError $error): CallError
    {
        $values = [
            'address' => $this->server->address(),
            'why' => Text::told($error->getMessage()),
            'seconds' => $this->deadline + self::WAIT_LONGER,
        ];
        return match ($error->kind) {
            TransportError::UNREACHABLE => CallError::unreachable(Language::text('why_unreachable', $values)),
            TransportError::UNTRUSTED => CallError::untrusted(Language::text('why_tls', $values)),
            default => CallError::unanswered(Language::text('why_unanswered', $values)),
        };
    }
}
