<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * The operation the cron is closing just now. WHMCS runs the module function inside the same request, so the function
 * finds here that it only closes, and leaves here how that ended.
 */
final class Closing
{
    private static int $serviceId = 0;
    private static int $operation = 0;
    private static ?string $ending = null;

    public static function begin(int $serviceId, int $operation): void
    {
        [self::$serviceId, self::$operation, self::$ending] = [$serviceId, $operation, null];
    }

    /** @return string|null `success`, `pending`, an error code of the bridge, or null when our function was not reached */
    public static function finish(): ?string
    {
        $ending = self::$ending;
        [self::$serviceId, self::$operation, self::$ending] = [0, 0, null];
        return $ending;
    }

    /** The operation id to send, or 0 when this is an ordinary call. */
    public static function operationOf(int $serviceId): int
    {
        return $serviceId > 0 && $serviceId === self::$serviceId ? self::$operation : 0;
    }

    public static function ended(int $serviceId, string $ending): void
    {
        if (self::operationOf($serviceId) > 0) {
            self::$ending = $ending;
        }
    }
}
