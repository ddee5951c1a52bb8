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
        return (int) Settings::get(self::SETTING . $server->seal('operations'));
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

    private static function remember(Server $server, int $told): void
    {
        $name = self::SETTING . $server->seal('operations');
        for ($try = 0; $try < self::RACES; $try++) {
            $known = Settings::get($name);
            if ($told <= (int) $known || Settings::replace($name, $known, (string) $told)) {
                return;
            }
        }
    }
}
