<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Notices for the bridge: told at once, else kept and told by the cron. */
final class Outbox
{
    private const KIND = 'notice';
    private const MOST_AT_ONCE = 20;

    /** @param array<string, mixed> $body */
    public static function tell(Server $server, string $function, array $body): void
    {
        try {
            self::send($server, $function, $body);
        } catch (CallError $error) {
            if ($error->retryable) {
                $text = json_encode(['server' => $server->id, 'function' => $function, 'body' => $body]);
                Notebook::keep(self::KIND, bin2hex(random_bytes(16)), (string) $text);
            }
        }
    }

    /** Tells what waits for a server. Stops at the first silence. */
    public static function empty(Server $server): void
    {
        foreach (Notebook::kept(self::KIND, self::MOST_AT_ONCE) as $word => $text) {
            $notice = json_decode($text, true);
            if (!is_array($notice) || (int) ($notice['server'] ?? 0) !== $server->id) {
                continue;
            }
            try {
                self::send($server, (string) $notice['function'], (array) $notice['body']);
            } catch (CallError $error) {
                if ($error->retryable) {
                    return;
                }
            }
            Notebook::drop(self::KIND, $word);
        }
    }

    /** @param array<string, mixed> $body */
    private static function send(Server $server, string $function, array $body): void
    {
        $client = new BridgeClient($server, BridgeClient::PAGE_DEADLINE);
        $client->call($function, $body + ['call' => ['actor' => Actor::present()]]);
    }
}
