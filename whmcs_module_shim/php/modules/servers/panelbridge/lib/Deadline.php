<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** How long module functions may wait in this request. The cron shortens it for the calls it causes. */
final class Deadline
{
    private static int $seconds = BridgeClient::DEADLINE;

    public static function present(): int
    {
        return self::$seconds;
    }

    /**
     * @template T
     * @param callable(): T $act
     * @return T
     */
    public static function during(int $seconds, callable $act): mixed
    {
        $before = self::$seconds;
        self::$seconds = $seconds;
        try {
            return $act();
        } finally {
            self::$seconds = $before;
        }
    }
}
