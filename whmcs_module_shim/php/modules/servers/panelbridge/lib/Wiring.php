<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Module\Server\Panelbridge\Wire\CurlTransport;
use WHMCS\Module\Server\Panelbridge\Wire\Transport;

/** The one place where the outside world is chosen: the wire to the bridge and the clock. */
final class Wiring
{
    private static ?Transport $transport = null;
    private static ?int $fixedTime = null;

    public static function transport(): Transport
    {
        return self::$transport ??= new CurlTransport();
    }

    public static function useTransport(?Transport $transport): void
    {
        self::$transport = $transport;
    }

    /** Seconds since 1970 UTC. */
    public static function now(): int
    {
        return self::$fixedTime ?? time();
    }

    public static function useTime(?int $seconds): void
    {
        self::$fixedTime = $seconds;
    }
}
