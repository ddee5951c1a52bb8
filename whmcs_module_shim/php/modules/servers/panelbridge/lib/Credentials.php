<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Credentials the bridge gave in this very request: the welcome mail goes out before WHMCS reads its record again. */
final class Credentials
{
    /** @var array<int, Answer> */
    private static array $written = [];

    public static function written(int $serviceId, Answer $answer): void
    {
        self::$written[$serviceId] = $answer;
    }

    public static function ofThisRequest(int $serviceId): ?Answer
    {
        return self::$written[$serviceId] ?? null;
    }

    public static function forgetAll(): void
    {
        self::$written = [];
    }
}
