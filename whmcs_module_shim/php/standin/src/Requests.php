<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use Panelbridge\Standin\Requests\AdminRequests;
use Panelbridge\Standin\Requests\ClientRequests;
use Panelbridge\Standin\Requests\ModuleRequests;
use Panelbridge\Standin\Requests\SetupRequests;

/** Finds and runs one command; a refusal and an uncaught error are two different answers. */
final class Requests
{
    public function __construct(private readonly string $databaseFile)
    {
    }

    /**
     * @param array<string, mixed> $input
     * @return array<string, mixed> ok, result or error, captured
     */
    public function serve(string $command, array $input): array
    {
        $shop = Shop::open($this->databaseFile);
        try {
            if ($command !== 'install') {
                $shop->boot();
            }
            $result = Json::safe($this->handler($shop, $command)($input));
            return ['ok' => true, 'result' => $result, 'captured' => $shop->captured->all()];
        } catch (Refused $refused) {
            $error = ['kind' => 'refused', 'message' => $refused->getMessage()];
        } catch (\Throwable $thrown) {
            // What a visitor would see as an "Oops" page, or what would end the cron task.
            $where = basename($thrown->getFile()) . ':' . $thrown->getLine();
            $error = ['kind' => 'uncaught', 'message' => $thrown::class . ': ' . $thrown->getMessage() . " ($where)"];
        }
        return ['ok' => false, 'error' => $error, 'captured' => $shop->captured->all()];
    }

    /** @return callable(array<string, mixed>): mixed */
    private function handler(Shop $shop, string $command): callable
    {
        $groups = [new SetupRequests($shop), new ClientRequests($shop), new AdminRequests($shop), new ModuleRequests($shop)];
        foreach ($groups as $group) {
            $handler = $group->handlers()[$command] ?? null;
            if ($handler !== null) {
                return $handler;
            }
        }
        throw new Refused("there is no command $command");
    }
}
