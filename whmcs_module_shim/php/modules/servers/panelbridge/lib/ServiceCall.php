<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** A call about one service: the allow-listed body, and what is refused before anything is sent. */
final class ServiceCall
{
    private const NUMBERS = ['serviceid', 'userid', 'pid', 'serverid', 'addonId'];
    private const TEXTS = ['status', 'domain', 'username'];
    private const LAST_OPTION = 3;

    private function __construct(
        public readonly Params $params,
        public readonly Server $server,
        private readonly ServiceRecord $record
    ) {
    }

    /** @throws CallError when the service is none of ours to act on, before any request */
    public static function about(Params $params): self
    {
        if ($params->serviceId() === 0) {
            throw CallError::here('no_service');
        }
        if ($params->number('addonId') > 0 || $params->model instanceof \WHMCS\Service\Addon) {
            throw CallError::here('addon');
        }
        $server = Server::fromParams($params);
        $record = ServiceRecord::of($params);
        if (max($record->quantity(), $params->number('qty')) > 1) {
            throw CallError::here('quantity', ['quantity' => max($record->quantity(), $params->number('qty'))]);
        }
        return new self($params, $server, $record);
    }

    /**
     * @param array<string, mixed> $extra members the function adds
     * @param array<string, mixed> $call members of `call`
     * @throws CallError on anything but success or pending
     */
    public function send(string $function, array $extra = [], array $call = [], int $deadline = 0): Answer
    {
        $within = $deadline > 0 ? $deadline : Deadline::present();
        return (new BridgeClient($this->server, $within))->call($function, $this->body($extra, $call));
    }

    public function suspendReason(): string
    {
        return $this->params->text('suspendreason') ?: $this->record->suspendReason();
    }

    public function clientId(): int
    {
        return $this->params->number('userid');
    }

    /**
     * @param array<string, mixed> $extra
     * @param array<string, mixed> $call
     * @return array<string, mixed>
     */
    private function body(array $extra, array $call): array
    {
        $body = [];
        foreach (self::NUMBERS as $name) {
            $body[$name] = $this->params->number($name);
        }
        foreach (self::TEXTS as $name) {
            $body[$name] = $this->params->text($name);
        }
        $body['pid'] = $body['pid'] ?: $this->params->number('packageid');
        $body['status'] = $body['status'] ?: $this->record->status();
        $body['qty'] = $this->record->quantity();
        $body['billingcycle'] = $this->record->billingCycle();
        $body['nextduedate'] = $this->record->date('nextduedate');
        $body['regdate'] = $this->record->date('regdate');
        for ($n = 1; $n <= self::LAST_OPTION; $n++) {
            $body['configoption' . $n] = $this->params->text('configoption' . $n);
        }
        $body['configoptions'] = $this->some('configoptions', ['Connections']);
        $body['customfields'] = $this->some('customfields', ['Username', 'Device MAC']);
        $isThere = static fn (mixed $value): bool => !in_array($value, ['', 0, []], true);
        $present = array_filter($body, $isThere);
        return $extra + $present + ['call' => $call + ['actor' => Actor::present()]];
    }

    /**
     * @param list<string> $names
     * @return array<string, string>
     */
    private function some(string $map, array $names): array
    {
        $values = [];
        foreach ($names as $name) {
            $value = $this->params->member($map, $name);
            $values[$name] = $name === 'Connections' ? ConfigurableOption::count($value) : $value;
        }
        return array_filter($values, static fn (string $value): bool => $value !== '');
    }
}
