<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * The highest operation id this bridge ever told. Sent with every call: a bridge whose books end before it was rolled
 * back or is a copy, and stops its writes. Kept by key, for another key is another bridge.
 */
final class HighestOperation
{
    private const SETTING = 'PanelbridgeHighest';
    private const RACES = 5;

    public static function of(Server $server): int
    {
        return (int) Settings::get(self::setting($server));
    }

    public static function learn(Server $server, Answer $answer): void
    {
        $last = $answer->data['last_operation'] ?? null;
        $told = [$answer->operationId(), Params::ofPlain(is_array($last) ? $last : [])->number('id')];
        foreach ($answer->maps('items') as $item) {
            $told[] = Params::ofPlain($item)->number('operation');
        }
        self::remember($server, max($told));
    }

    /** A name that fits WHMCS's column whatever its release. */
    private static function setting(Server $server): string
    {
        return self::SETTING . substr($server->seal('operations'), 0, 12);
    }

    private static function remember(Server $server, int $told): void
    {
        $name = self::setting($server);
        for ($try = 0; $try < self::RACES; $try++) {
            $known = Settings::get($name);
            if ($told <= (int) $known || Settings::replace($name, $known, (string) $told)) {
                return;
            }
        }
    }
}
